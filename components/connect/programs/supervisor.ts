/**
 * Watches over the connectors, and tells how they are: `GET /connectors` as JSON.
 *
 * Environment: `CONNECT_URL` = `http://connect:8083`, `CONNECTORS_FILE`, `PORT`, `LOOK_SECONDS` (10), and how Kafka is reached
 * (`kafkaClient`).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { littleServer } from "../../../platform/little-server.ts";
import { kafkaClient } from "../../kafka/programs/kafka-client.ts";
import { connectApi } from "./connect-api.ts";
import { groupLag } from "./group-lag.ts";
import { readWanted } from "./wanted.ts";
import { Watch } from "./watch.ts";

const environment = z.object({
  CONNECT_URL: z.url(),
  CONNECTORS_FILE: z.string().min(1),
  KAFKA_BOOTSTRAP: z.string().min(1),
  PORT: z.coerce.number().int().positive(),
  LOOK_SECONDS: z.coerce.number().positive().default(10),
});

const settings = environment.parse(process.env);
const log = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
const ended = new AbortController();
process.on("SIGTERM", () => {
  ended.abort();
});

const kafka = kafkaClient({ bootstrapServers: settings.KAFKA_BOOTSTRAP, clientId: "connect-supervisor", log });
const watch = new Watch({
  api: connectApi(settings.CONNECT_URL, ended.signal),
  wanted: readWanted(settings.CONNECTORS_FILE),
  lagOf: (group) => groupLag(() => kafka.admin(), group),
  log,
});
const server = littleServer(settings.PORT, { "GET /connectors": () => watch.report });

while (!ended.signal.aborted) {
  await watch.look();
  await sleep(settings.LOOK_SECONDS * 1000, undefined, { signal: ended.signal }).catch(() => undefined);
}
server.close();
