/**
 * `npm run bench`: sends records at a steady rate and measures when Presto first shows each of them.
 *
 * Options, with defaults: `--rate 1000` (records/s), `--seconds 300`, `--settle 60` (s to wait for the last records),
 * `--kafka 127.0.0.1:30092`, `--topic telemetry`, `--presto http://127.0.0.1:30080`, `--catalog lake`,
 * `--namespace telemetry`, `--json` (figures and verdicts as one JSON line instead of text), `--keep` (leaves the rows).
 * Exit code 0: no loss, no duplicates, p50 <= 5 s and p99 <= 15 s; 1: otherwise.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { describeError } from "../check/errors.ts";
import { deleteRuns } from "../check/hops/presto.ts";
import { PrestoClient } from "../workloads/presto-client.ts";
import { idempotentProducer, kafkaClient } from "../workloads/kafka-client.ts";
import { makeLoad } from "../workloads/telemetry/load.ts";
import { toMessage } from "../workloads/telemetry/record.ts";
import { Sender } from "../workloads/telemetry/sender.ts";
import { VisibilityWatch } from "./latency.ts";
import type { LatencyFigures, SentRecord } from "./latency.ts";

/** The stream commits every 2 s; looking oftener than this takes CPU from what is measured. */
const pollPauseMs = 500;
const targets = { p50Ms: 5000, p99Ms: 15_000 };

const { values: flags } = parseArgs({
  options: {
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "300" },
    settle: { type: "string", default: "60" },
    kafka: { type: "string", default: "127.0.0.1:30092" },
    topic: { type: "string", default: "telemetry" },
    presto: { type: "string", default: "http://127.0.0.1:30080" },
    catalog: { type: "string", default: "lake" },
    namespace: { type: "string", default: "telemetry" },
    json: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});
const { rate, seconds, settle } = z
  .object({
    rate: z.coerce.number().positive(),
    seconds: z.coerce.number().positive(),
    settle: z.coerce.number().min(0),
  })
  .parse(flags);
const log = (line: string): void => void process.stderr.write(`${line}\n`);

async function measure(run: string, presto: PrestoClient): Promise<LatencyFigures> {
  const producer = idempotentProducer(kafkaClient({ bootstrapServers: flags.kafka, clientId: "bench", log }));
  await producer.connect();
  const sender = new Sender({
    log,
    capacity: rate * seconds,
    deliver: async (batch) => {
      await producer.send({ topic: flags.topic, acks: -1, messages: [...batch] });
    },
  });
  const stop = new AbortController();
  const watch = new VisibilityWatch(presto, run);
  const watching = watch.watch(stop.signal, pollPauseMs);
  const sending = sender.run(stop.signal);
  const sent: SentRecord[] = [];
  const progress = setInterval(() => {
    log(`${sent.length} made, ${sender.sent} acknowledged, ${watch.seen} visible`);
  }, 10_000);
  try {
    const load = makeLoad({ rate, seconds, origin: { source: "bench", node: "bench", run } });
    await load(stop.signal, (records) => {
      for (const { id, ts } of records) sent.push({ id, madeAt: Date.parse(ts) });
      sender.push(records.map(toMessage));
    });
    sender.close();
    await sending;
    for (const end = Date.now() + settle * 1000; watch.seen < sent.length && Date.now() < end;) await sleep(250);
  } finally {
    clearInterval(progress);
    stop.abort();
    await Promise.allSettled([watching, producer.disconnect()]);
  }
  return watch.figures(sent);
}

const run = `bench-${Date.now()}`;
const presto = new PrestoClient({
  url: flags.presto,
  catalog: flags.catalog,
  schema: flags.namespace,
  user: "bench",
  statementTimeoutMs: 60_000,
});
log(`run ${run}: ${rate} records/s for ${seconds} s`);
const figures = await measure(run, presto);
const verdicts = {
  noLoss: figures.lost === 0,
  noDuplicates: figures.duplicates === 0,
  p50: (figures.p50Ms ?? Infinity) <= targets.p50Ms,
  p99: (figures.p99Ms ?? Infinity) <= targets.p99Ms,
};
const isGood = Object.values(verdicts).every(Boolean);
if (!flags.keep) {
  await deleteRuns(presto, "samples", [run], AbortSignal.timeout(60_000)).catch((error: unknown) => {
    log(`warning: the rows of run ${run} were not removed: ${describeError(error)}`);
  });
}
const shown = (ms: number | null): string => (ms === null ? "none" : `${(ms / 1000).toFixed(2)} s`);
process.stdout.write(
  flags.json
    ? `${JSON.stringify({ bench: isGood ? "ok" : "failed", run, rate, seconds, ...figures, targets, verdicts })}\n`
    : `sent ${figures.sent}, rows ${figures.rows}, distinct ${figures.distinct}, lost ${figures.lost}, ` +
        `duplicates ${figures.duplicates}\nrecord made -> visible in Presto: p50 ${shown(figures.p50Ms)}, ` +
        `p99 ${shown(figures.p99Ms)}, max ${shown(figures.maxMs)} (${figures.polls} looks, ${figures.pollErrors} ` +
        `failed; wanted p50 <= 5 s, p99 <= 15 s)\n`,
);
process.exit(isGood ? 0 : 1);
