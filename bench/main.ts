/**
 * `npm run bench`: sends records at a steady rate and measures when they arrive.
 *
 * `--only lake`: until Presto first shows each record. Good: no loss, no duplicates, p50 <= 5 s and p99 <= 15 s.
 * `--only display`: until 50 Socket.IO clients have it (p99 <= 0.5 s), beside a consumer of Kafka in the same process;
 * until an answer of the display from Cassandra counts it (p99 <= 10 s); and whether the display's memory stays flat.
 * Without `--only`: `lake`, and `display` where the display answers.
 *
 * Options, with defaults: `--rate 1000` (records/s), `--seconds` (300; display: 600), `--warm-up 120` (s of the same load
 * before the display's measurement, because Java compiles while it works), `--settle 60` (s to wait for the last
 * records), `--kafka 127.0.0.1:30092`, `--topic telemetry`, `--presto http://127.0.0.1:30080`, `--catalog lake`,
 * `--namespace telemetry`, `--display http://127.0.0.1:30300`, `--clients 50`, `--stack dev` (whose cluster tells the
 * display's memory), `--json` (figures and verdicts as one JSON line for each instead of text), `--keep` (leaves the rows).
 * Exit code 0: all good; 1: otherwise.
 */
import { parseArgs } from "node:util";
import { z } from "zod";
import { connect } from "../cli/kube.ts";
import { readPlatform } from "../cli/platform.ts";
import { readStack } from "../cli/stack.ts";
import { benchDisplay } from "./display.ts";
import { benchLake } from "./lake.ts";
import type { BenchResult } from "./settings.ts";

const { values: flags } = parseArgs({
  options: {
    only: { type: "string" },
    rate: { type: "string", default: "1000" },
    seconds: { type: "string" },
    "warm-up": { type: "string", default: "120" },
    settle: { type: "string", default: "60" },
    kafka: { type: "string", default: "127.0.0.1:30092" },
    topic: { type: "string", default: "telemetry" },
    presto: { type: "string", default: "http://127.0.0.1:30080" },
    catalog: { type: "string", default: "lake" },
    namespace: { type: "string", default: "telemetry" },
    display: { type: "string", default: "http://127.0.0.1:30300" },
    clients: { type: "string", default: "50" },
    stack: { type: "string", default: "dev" },
    json: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});
const benches = ["lake", "display"] as const;
const {
  only,
  rate,
  seconds,
  settle,
  clients,
  "warm-up": warmUp,
} = z
  .object({
    only: z.enum(benches).optional(),
    rate: z.coerce.number().positive(),
    seconds: z.coerce.number().positive().optional(),
    "warm-up": z.coerce.number().min(0),
    settle: z.coerce.number().min(0),
    clients: z.coerce.number().int().positive(),
  })
  .parse(flags);
const log = (line: string): void => void process.stderr.write(`${line}\n`);
const { kafka, topic, presto, catalog, namespace, display, keep } = flags;
const common = { rate, settle, kafka, presto, catalog, keep, log };

/** What the kubelet says of the display's pods; `null` where the stack's cluster can't be asked. */
async function podMemory(): Promise<number | null> {
  try {
    const stack = readStack({ stack: flags.stack, target: undefined });
    const { services } = await readPlatform(connect(stack.profile), stack.config.cluster.namespace);
    return services.find(({ name }) => name === "display")?.memory ?? null;
  } catch {
    return null;
  }
}

const run: Readonly<Record<(typeof benches)[number], () => Promise<BenchResult>>> = {
  lake: () => benchLake({ ...common, seconds: seconds ?? 300, topic, namespace }),
  display: () => benchDisplay({ ...common, seconds: seconds ?? 600, warmUp, display, clients, podMemory }),
};

async function hasDisplay(): Promise<boolean> {
  const answer = await fetch(`${display}/healthz`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  if (answer?.ok !== true) log(`no display answers at ${display}: only the lake is measured`);
  return answer?.ok === true;
}

const wanted = only === undefined ? benches.slice(0, (await hasDisplay()) ? 2 : 1) : [only];
let isGood = true;
for (const name of wanted) {
  const { document, text } = await run[name]();
  isGood &&= document.bench === "ok";
  process.stdout.write(`${flags.json ? JSON.stringify(document) : text}\n`);
}
process.exit(isGood ? 0 : 1);
