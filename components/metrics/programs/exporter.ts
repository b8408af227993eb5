/**
 * Figures of what has no page of them: services by their own answers, and pods and scheduled Jobs by the cluster's. `GET /metrics` in
 * Prometheus' format; `POST /marks` takes a figure of a proof.
 *
 * Environment: `WATCH_CONFIG` (a JSON object: what each room has told), its rooms' secrets, `NAMESPACES` (with commas), `PORT`, `LOOK_SECONDS` (15).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { certificateWatch } from "../../../platform/certificate-watch.ts";
import { asksOf, toldSchema } from "../../../platform/room-ask.ts";
import { KubeApi } from "../../../platform/kube-api.ts";
import { roomWatches } from "../../watches.ts";
import { Asked, type Source } from "./asked.ts";
import { exposition } from "./exposition.ts";
import { Marks, markSchema } from "./marks.ts";
import { littleServer } from "../../../platform/little-server.ts";
import { listSchema, objectSamples } from "./objects.ts";

const environment = z.looseObject({
  WATCH_CONFIG: toldSchema,
  NAMESPACES: z
    .string()
    .min(1)
    .transform((names) => names.split(",")),
  PORT: z.coerce.number().int().positive(),
  LOOK_SECONDS: z.coerce.number().positive().default(15),
});

const { WATCH_CONFIG, NAMESPACES, PORT, LOOK_SECONDS } = environment.parse(process.env);
const ended = new AbortController();
process.on("SIGTERM", () => {
  ended.abort();
});

const api = new KubeApi();
const itemsOf = async (group: string, kind: string, signal: AbortSignal): Promise<unknown[]> => {
  const lists = NAMESPACES.map((namespace) => api.json(`${group}/namespaces/${namespace}/${kind}`, signal));
  return (await Promise.all(lists)).flatMap((list) => listSchema.parse(list).items);
};
const certificate = certificateWatch(["kubernetes.default.svc:443"]);
const objects: Source = {
  service: "kubernetes",
  ask: async (signal) => {
    const [ends, pods, cronJobs, jobs] = await Promise.all([
      certificate(),
      itemsOf("/api/v1", "pods", signal),
      itemsOf("/apis/batch/v1", "cronjobs", signal),
      itemsOf("/apis/batch/v1", "jobs", signal),
    ]);
    return [...ends, ...objectSamples({ pods, cronJobs, jobs })];
  },
};
const services = asksOf(roomWatches, WATCH_CONFIG);
const asked = new Asked({
  sources: [objects, ...services],
  log: (line) => void process.stdout.write(`${new Date().toISOString()} ${line}\n`),
});
const marks = new Marks();

littleServer(PORT, {
  "GET /metrics": () => exposition([...asked.samples(), ...marks.samples()]),
  "POST /marks": (body) => ({ slot: marks.set(markSchema.parse(JSON.parse(body)).value) }),
});

while (!ended.signal.aborted) {
  await asked.look(ended.signal);
  await sleep(LOOK_SECONDS * 1000, undefined, { signal: ended.signal }).catch(() => undefined);
}
// Connections to services that are asked would keep it.
process.exit(0);
