/**
 * Measures its node with vmstat and iostat and sends each figure as a record to Kafka, for ever.
 *
 * Environment: `KAFKA_BOOTSTRAP`, `TOPIC` (telemetry), `NODE_NAME` (host name), `INTERVAL_SECONDS` (5),
 * `HEALTH_PORT` (8080; `GET /healthz` is 503 while a source's newest acknowledged record is older than 60 s, or than three
 * intervals).
 *
 * For load: `--rate 1000 --seconds 300 --run ID [--source bench]` sends made-up records at that rate, then ends with
 * one JSON line `{"run","sent","dropped","seconds"}` on stdout.
 */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { hostname } from "node:os";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { idempotentProducer, kafkaClient } from "../../kafka/programs/kafka-client.ts";
import { Freshness } from "./freshness.ts";
import { iostatParser } from "./iostat.ts";
import { makeLoad } from "./load.ts";
import { makeRecord, toMessage } from "./record.ts";
import type { RecordSource } from "./record.ts";
import { Sender } from "./sender.ts";
import { TopicWriter } from "./topic-writer.ts";
import { vmstatParser } from "./vmstat.ts";
import type { SampleParser } from "./vmstat.ts";

const freshMs = 60_000;

const environment = z.object({
  KAFKA_BOOTSTRAP: z.string().min(1),
  TOPIC: z.string().min(1).default("telemetry"),
  NODE_NAME: z.string().min(1).default(hostname()),
  INTERVAL_SECONDS: z.coerce.number().int().min(1).max(3600).default(5),
  HEALTH_PORT: z.coerce.number().int().min(0).max(65535).default(8080),
});

const log = (line: string): void => {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
};

async function main(): Promise<void> {
  const settings = environment.parse(process.env);
  const { values: flags } = parseArgs({
    options: {
      rate: { type: "string" },
      seconds: { type: "string", default: "300" },
      run: { type: "string" },
      source: { type: "string", default: "bench" },
    },
  });
  const stop = new AbortController();
  const kafka = kafkaClient({ bootstrapServers: settings.KAFKA_BOOTSTRAP, clientId: "telemetry-producer", log });
  const writer = new TopicWriter(settings.TOPIC, () => idempotentProducer(kafka));
  const limitMs = Math.max(freshMs, 3000 * settings.INTERVAL_SECONDS);
  const freshness = new Freshness({ limitMs, required: ["vmstat"] });
  const sender = new Sender({
    log,
    deliver: async (batch) => {
      await writer.write(batch);
      freshness.acknowledged(batch);
    },
  });
  const sending = sender.run(stop.signal);
  const sources = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => {
      log(`${name}: sending what is left`);
      sources.abort();
      sender.close();
      setTimeout(() => {
        stop.abort();
      }, 10_000).unref();
    });
  }

  const started = Date.now();
  if (flags.rate === undefined) {
    serveHealth(settings.HEALTH_PORT, freshness, sender);
    const interval = String(settings.INTERVAL_SECONDS);
    const measure = (source: RecordSource, command: string, args: string[], parser: SampleParser): Promise<void> =>
      follow(command, args, sources.signal, (line) => {
        const origin = { source, node: settings.NODE_NAME, at: new Date() };
        const messages = parser.push(line).map((measurement) => toMessage(makeRecord(origin, measurement)));
        for (const message of messages) freshness.measured(message, { source, measuredAt: origin.at.getTime() });
        sender.push(messages);
      });
    await Promise.all([
      measure("vmstat", "vmstat", ["-n", interval], vmstatParser()),
      measure("iostat", "iostat", ["-dxy", "-o", "JSON", interval], iostatParser()),
    ]);
  } else {
    const load = makeLoad({
      rate: z.coerce.number().positive().parse(flags.rate),
      seconds: z.coerce.number().positive().parse(flags.seconds),
      origin: {
        source: z.enum(["proof", "bench"]).parse(flags.source),
        node: settings.NODE_NAME,
        run: flags.run ?? `bench-${Date.now()}`,
      },
    });
    await load(sources.signal, (records) => {
      sender.push(records.map(toMessage));
    });
    sender.close();
  }
  await sending;
  await writer.close();
  const seconds = (Date.now() - started) / 1000;
  process.stdout.write(`${JSON.stringify({ run: flags.run, sent: sender.sent, dropped: sender.dropped, seconds })}\n`);
  process.exit(sender.waiting === 0 ? 0 : 1);
}

/** Runs a tool and starts it again when it ends, until the signal fires. */
async function follow(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<void> {
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, LC_ALL: "C" } });
    const end = (): void => {
      child.kill("SIGTERM");
    };
    signal.addEventListener("abort", end);
    const ended = new Promise<string>((resolve) => {
      child.once("error", (error) => {
        resolve(error.message);
      });
      child.once("exit", (code, by) => {
        resolve(`ended with ${by ?? String(code)}`);
      });
    });
    createInterface({ input: child.stdout }).on("line", onLine);
    const reason = await ended;
    signal.removeEventListener("abort", end);
    if (isOver()) return;
    log(`${command}: ${reason}; starting it again in 5 s`);
    await sleep(5000, undefined, { signal }).catch(() => undefined);
  }
}

function serveHealth(port: number, freshness: Freshness, sender: Sender): void {
  createServer((request, response) => {
    const isKnown = request.url === "/healthz";
    const { sent, dropped, waiting } = sender;
    const stale = freshness.stale();
    const status = stale.length === 0 ? 200 : 503;
    response.writeHead(isKnown ? status : 404, { "content-type": "application/json" });
    response.end(`${JSON.stringify({ sent, dropped, waiting, stale })}\n`);
  }).listen(port);
}

await main();
