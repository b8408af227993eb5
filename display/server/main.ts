/**
 * The web display's server. Its settings are in `settings.ts`. It lives whatever it reads from does: what is down is
 * said on the pages.
 */
import { kafkaClient } from "../../components/kafka/programs/kafka-client.ts";
import { longestAnswerMs } from "../protocol.ts";
import { CassandraConnection, cassandraSource } from "./cassandra.ts";
import { lakeSource, prestoSql } from "./lake.ts";
import { LiveFeed } from "./live-feed.ts";
import { raceWindowsSource } from "./race-windows.ts";
import { startServer } from "./server.ts";
import { readSettings, type Settings } from "./settings.ts";

const LAKE_KEEP_MS = 5000;
const CASSANDRA_KEEP_MS = 1000;

const log = (line: string): void => {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
};

async function main(settings: Settings): Promise<void> {
  const { windowSeconds } = settings;
  const cassandra = new CassandraConnection(settings.cassandra);
  const server = await startServer({
    port: settings.port,
    webDir: settings.webDir,
    windowSeconds,
    parts: settings.parts,
    track: settings.track,
    ...(settings.networkDir !== undefined && { networkDir: settings.networkDir }),
    raceWindows: raceWindowsSource({ run: cassandra.run }),
    sinks: {
      disk: {
        name: "Presto",
        source: lakeSource({ run: prestoSql(settings.presto), windowSeconds }),
        keepMs: LAKE_KEEP_MS,
        timeoutMs: longestAnswerMs,
      },
      cassandra: {
        name: "Cassandra",
        source: cassandraSource({ run: cassandra.run, windowSeconds }),
        keepMs: CASSANDRA_KEEP_MS,
      },
    },
    log,
  });
  let lastReason: string | undefined;
  const feed = new LiveFeed({
    kafka: kafkaClient({
      bootstrapServers: settings.kafka.bootstrapServers,
      clientId: "display",
      log: (line) => {
        lastReason = line.replace("kafka, will retry: ", "");
        log(line);
      },
    }),
    groupId: `display-${settings.podName}`,
    topics: settings.kafka.topics,
    onRecord: (stream, message) => {
      if (stream === "race") server.race.take(message);
      else server.live.take(stream, message);
    },
    onState: (state) => {
      if (state.kafka === "connected") lastReason = undefined;
      server.live.setState(state);
      server.race.setState(state);
    },
    lastReason: () => lastReason,
  });
  feed.start();
  log(`the display is at port ${server.port}`);

  let isStopping = false;
  const stop = async (name: string): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    log(`${name}: ending`);
    await Promise.allSettled([feed.stop(), server.stop(), cassandra.stop()]);
    process.exit(0);
  };
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => void stop(name));
}

// A client that fails in the background must not end the pages of what still works.
process.on("unhandledRejection", (reason) => {
  log(`unexpected: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`);
});

try {
  await main(readSettings(process.env));
} catch (error) {
  log(`the display can't start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
