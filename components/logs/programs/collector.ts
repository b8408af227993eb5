/**
 * Brings the logs of all containers of some namespaces to the store. `GET /report` tells how far it is.
 *
 * Environment: `STORE_URL`, `NAMESPACES` (with commas), `POD_WORDS` (a JSON object: labels of pods by what they tell), `KEEP_DAYS`, `PORT`.
 */
import { z } from "zod";
import { Collection } from "./collection.ts";
import { KubeApi } from "../../../platform/kube-api.ts";
import { littleServer } from "../../../platform/little-server.ts";

const labels = z.array(z.string()).default([]);
const environment = z.object({
  STORE_URL: z.url(),
  NAMESPACES: z
    .string()
    .min(1)
    .transform((names) => names.split(",")),
  POD_WORDS: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(z.object({ service: labels, run: labels, user: labels })),
  KEEP_DAYS: z.coerce.number().int().positive(),
  PORT: z.coerce.number().int().positive(),
});

const { STORE_URL, NAMESPACES, POD_WORDS, KEEP_DAYS, PORT } = environment.parse(process.env);
const ended = new AbortController();
process.on("SIGTERM", () => {
  ended.abort();
});
const collection = new Collection({
  api: new KubeApi(),
  storeUrl: STORE_URL,
  namespaces: NAMESPACES,
  words: POD_WORDS,
  keepDays: KEEP_DAYS,
  log: (line) => void process.stdout.write(`${new Date().toISOString()} ${line}\n`),
});
const server = littleServer(PORT, { "GET /report": () => collection.report() });
await collection.run(ended.signal);
server.close();
