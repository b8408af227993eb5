/** What enforced NetworkPolicies cost: the same platform with them and without them, in turn. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseDocument } from "yaml";
import { type OptionSpecs, type OptionValues, stackOptions } from "../cli/options.ts";
import { type ProofReport, runProof } from "../cli/proof.ts";
import { readStack } from "../cli/stack.ts";
import { table } from "../cli/table.ts";
import { measureAlone } from "./against.ts";
import type { Bench } from "./bench.ts";
import { type Load, loads, type PerfRun, readPerf, recordsFor } from "./kafka/perf.ts";
import { findBroker, runOnPlatform } from "./kafka/platform.ts";
import { readNumbers } from "./options.ts";
import { median } from "./percentile.ts";
import type { BenchResult, Figure } from "./settings.ts";
import type { Trial } from "./trial.ts";

/** The least that Kafka may carry with policies, as a share of what it carries without. */
export const LEAST_RATIO = 0.95;
/** Seconds that the proof may take longer. */
export const MOST_LONGER = 1;
/** What is sent first, so that the broker has compiled what it runs. */
const WARM_UP_RECORDS = 200_000;
/** Time in which the rules follow the policies, and in which an `up` comes to rest, in ms. */
const SETTLE_MS = 20_000;

const sides = ["with policies", "without"] as const;
type Side = (typeof sides)[number];

const options = {
  profile: { ...stackOptions.profile, help: "set of services to bring up (default: core)" },
  seconds: { type: "string", value: "s", help: "sends each load for about so long at most (default: 20)" },
  repeat: { type: "string", value: "n", help: "how often each side is measured; medians are shown (default: 3)" },
  rounds: {
    type: "string",
    value: "count",
    help: "platforms, of whose figures the middle one is printed (default: 1)",
  },
} as const satisfies OptionSpecs;

export const network: Bench = {
  name: "network",
  summary: "the proof's time and Kafka's throughput with NetworkPolicies and without; makes a platform of its own",
  options,
  run: (values, log) => measureAlone(network, values, log),
  onTrial: async (values, trial, log) => {
    const { seconds, repeat } = numbersOf(values);
    await trial.up();
    const measured = new Measured(trial, seconds, log);
    await measured.warmUp();
    for (let round = 0; round < repeat; round++) {
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) await measured.take(side);
    }
    return resultOf(measured.taken);
  },
};

const numbersOf = (values: OptionValues) =>
  readNumbers(values, {
    seconds: { byDefault: 20, least: 1 },
    repeat: { byDefault: 3, least: 1, whole: true },
  });

/** One measurement of one side. */
export interface Taken {
  readonly side: Side;
  /** What the proof took, of itself. */
  readonly proofMs: number;
  /** By the name of the load. */
  readonly kafka: Readonly<Record<string, PerfRun>>;
}

class Measured {
  readonly taken: Taken[] = [];
  readonly #records = new Map<Load, number>();
  #topics = 0;
  readonly #namespace = readStack({ stack: "dev", target: "embedded" }).config.cluster.namespace;

  readonly #trial: Trial;
  readonly #seconds: number;
  readonly #log: (line: string) => void;

  constructor(trial: Trial, seconds: number, log: (line: string) => void) {
    this.#trial = trial;
    this.#seconds = seconds;
    this.#log = log;
  }

  /** Lets the broker compile, and learns how many records fill the time. */
  async warmUp(): Promise<void> {
    for (const load of loads) {
      const { produced } = await this.#load(load, WARM_UP_RECORDS);
      this.#records.set(load, recordsFor(load, produced.recordsPerSecond, this.#seconds));
    }
  }

  /** @throws Error where the network is not as the side has it, or the proof is red */
  async take(side: Side): Promise<void> {
    const { kube } = this.#trial.site();
    setPolicies(this.#trial.copy.folder, side === "with policies");
    await this.#trial.up();
    await sleep(SETTLE_MS);
    const proof = await runProof(kube, { namespace: this.#namespace });
    const why = unfit(side, proof);
    if (why !== undefined) throw new Error(why);
    const kafka: Record<string, PerfRun> = {};
    for (const load of loads) kafka[load.name] = await this.#load(load, this.#records.get(load) ?? WARM_UP_RECORDS);
    this.taken.push({ side, proofMs: proof.ms, kafka });
    const rates = Object.entries(kafka).map(([name, { produced }]) => `${produced.mbPerSecond} MB/s of ${name}`);
    this.#log(`${side}: proof ${(proof.ms / 1000).toFixed(1)} s, ${rates.join(", ")}`);
  }

  async #load(load: Load, records: number): Promise<PerfRun> {
    const { kube } = this.#trial.site();
    const broker = await findBroker(kube, this.#namespace);
    const task = { topic: `bench-network-${++this.#topics}`, records, bytes: load.bytes };
    return readPerf(await runOnPlatform(kube, broker, task, new AbortController().signal));
  }
}

/** Why what was seen is none of the side's; `undefined`: it is. */
export function unfit(side: Side, { ok, failedHop, policies }: Pick<ProofReport, "ok" | "failedHop" | "policies">) {
  if (!ok) return `the proof is red${failedHop === null ? "" : ` at ${failedHop}`}`;
  const expected = side === "with policies" ? "enforced" : null;
  if (policies === expected) return undefined;
  return `${side}: the proof found policies "${policies ?? "none"}" instead of "${expected ?? "none"}"`;
}

/** Sets `network.policies` in the stack's file of a copy of the sources. */
export function setPolicies(folder: string, policies: boolean): void {
  const file = join(folder, "Pulumi.dev.yaml");
  const document = parseDocument(readFileSync(file, "utf8"));
  document.setIn(["config", "millrace:network", "policies"], policies);
  writeFileSync(file, document.toString());
}

interface Row {
  readonly measure: string;
  readonly unit: Figure["unit"];
  readonly with: number;
  readonly without: number;
}

export function resultOf(taken: readonly Taken[]): BenchResult {
  const middle = (side: Side, of: (one: Taken) => number): number =>
    median(taken.filter((one) => one.side === side).map(of)) ?? NaN;
  const row = (measure: string, unit: Figure["unit"], of: (one: Taken) => number): Row => ({
    measure,
    unit,
    with: middle("with policies", of),
    without: middle("without", of),
  });
  const kafkaRow = (direction: "in" | "out", name: string): Row =>
    row(`Kafka, ${name}, ${direction}`, "MB/s", ({ kafka }) => {
      const run = kafka[name];
      return (direction === "in" ? run?.produced.mbPerSecond : run?.consumed.mbPerSecond) ?? NaN;
    });
  const proof = row("proof", "s", ({ proofMs }) => proofMs / 1000);
  const produced = loads.map(({ name }) => kafkaRow("in", name));
  const consumed = loads.map(({ name }) => kafkaRow("out", name));
  const verdicts = {
    proof: proof.with - proof.without <= MOST_LONGER,
    ...Object.fromEntries(produced.map((one) => [one.measure, one.with / one.without >= LEAST_RATIO])),
  };
  const rows = [proof, ...produced, ...consumed];
  const cells = rows.map((one) => [
    one.measure,
    one.unit,
    one.with.toFixed(1),
    one.without.toFixed(1),
    (one.with / one.without).toFixed(2),
  ]);
  const wanted = `wanted: a proof that takes at most ${MOST_LONGER} s longer, and Kafka in at least ${LEAST_RATIO} times as fast`;
  return {
    document: {
      bench: Object.values(verdicts).every(Boolean) ? "ok" : "failed",
      taken,
      rows,
      leastRatio: LEAST_RATIO,
      mostLongerSeconds: MOST_LONGER,
      verdicts,
    },
    text: `${table(["measure", "unit", ...sides, "ratio"], cells)}\n\n${wanted}`,
    figures: rows.flatMap((one) => [
      { measure: `${one.measure}, with policies`, value: one.with, unit: one.unit },
      { measure: `${one.measure}, without`, value: one.without, unit: one.unit },
    ]),
  };
}
