/** The platform's broker against the same broker outside Kubernetes, by Kafka's own load tools. */
import Docker from "dockerode";
import { UserError } from "../cli/errors.ts";
import { onInterrupt } from "../cli/interrupt.ts";
import { connect } from "../cli/kube.ts";
import { text } from "../cli/options.ts";
import { readStack } from "../cli/stack.ts";
import { bytes, table } from "../cli/table.ts";
import { type DockerInfo, filledFolders, freeBytes, onePerFileSystem } from "../clusters/docker-disk.ts";
import type { Bench } from "./bench.ts";
import { startOutside } from "./kafka/outside.ts";
import {
  leastRatio,
  type Load,
  loads,
  type PerfRun,
  readPerf,
  recordsFor,
  type SideFigures,
  sideOf,
} from "./kafka/perf.ts";
import { brokerRoom, findBroker, runOnPlatform } from "./kafka/platform.ts";
import { readNumbers } from "./options.ts";
import type { BenchResult } from "./settings.ts";

/** Records of each size, sent first: the brokers compile while they work, and their rate tells how many to send. */
const warmUpRecords = 200_000;
/** What a topic takes beside its records, and what may be written meanwhile. */
const spareBytes = 2 ** 30;

const sides = ["platform", "outside"] as const;
type Side = (typeof sides)[number];

export interface Compared {
  readonly load: string;
  readonly records: number;
  readonly platform: SideFigures;
  readonly outside: SideFigures;
}

export const kafka: Bench = {
  name: "kafka",
  summary: "what the platform's Kafka carries, against the same broker outside Kubernetes",
  options: {
    seconds: { type: "string", value: "s", help: "sends each load for about so long at most (default: 20)" },
    repeat: { type: "string", value: "n", help: "how often each is run; medians are shown (default: 3)" },
    stack: { type: "string", value: "name", help: "whose Kafka (default: dev)" },
  },
  async run(values, log) {
    const { seconds, repeat: rounds } = readNumbers(values, {
      seconds: { byDefault: 20, least: 1 },
      repeat: { byDefault: 3, least: 1, whole: true },
    });
    const stack = readStack({ stack: text(values, "stack") ?? "dev", target: undefined });
    const kube = connect(stack.profile);
    const docker = new Docker();
    const broker = await findBroker(kube, stack.config.cluster.namespace);
    await refuseFullDisk(docker, await brokerRoom(kube, broker.namespace));
    const interrupt = onInterrupt(() => {
      log("stopping, and removing what was started");
    });
    const name = `bench-kafka-${Date.now().toString(36)}`;
    try {
      log("starting the same broker outside the cluster");
      const outside = await startOutside(docker, broker, name);
      try {
        let topics = 0;
        const run = async (side: Side, load: Load, records: number): Promise<PerfRun> => {
          interrupt.signal.throwIfAborted();
          const task = { topic: `${name}-${++topics}`, records, bytes: load.bytes };
          const printed =
            side === "platform"
              ? await runOnPlatform(kube, broker, task, interrupt.signal)
              : await outside.run(task, interrupt.signal);
          return readPerf(printed);
        };
        const compared: Compared[] = [];
        for (const load of loads) compared.push(await compare(load, { run, seconds, rounds, log }));
        return resultOf(compared);
      } finally {
        await outside.remove();
      }
    } finally {
      interrupt.release();
    }
  },
};

interface Comparison {
  readonly run: (side: Side, load: Load, records: number) => Promise<PerfRun>;
  readonly seconds: number;
  readonly rounds: number;
  readonly log: (line: string) => void;
}

/** Warms both up, then lets them take turns. */
async function compare(load: Load, { run, seconds, rounds, log }: Comparison): Promise<Compared> {
  const rates: number[] = [];
  for (const side of sides) rates.push((await run(side, load, warmUpRecords)).produced.recordsPerSecond);
  const records = recordsFor(load, Math.min(...rates), seconds);
  const runs: Record<Side, PerfRun[]> = { platform: [], outside: [] };
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      const done = await run(side, load, records);
      runs[side].push(done);
      const { produced, consumed } = done;
      log(
        `${records} × ${load.name}, ${side}: ${produced.mbPerSecond} MB/s in (p99 ${produced.p99Ms} ms), ${consumed.mbPerSecond} MB/s out`,
      );
    }
  }
  return { load: load.name, records, platform: sideOf(runs.platform), outside: sideOf(runs.outside) };
}

/** @throws UserError when the records of a load have no room */
async function refuseFullDisk(docker: Docker, room: number | undefined): Promise<void> {
  const needed = Math.max(...loads.map((load) => load.bytes * load.records * 1.2)) + spareBytes;
  const here = onePerFileSystem(filledFolders((await docker.info()) as DockerInfo)).map(freeBytes);
  const problems = [
    ...(room !== undefined && room < needed
      ? [`${bytes(room)} are free where the platform's broker keeps its records`]
      : []),
    ...here.filter((free) => free < 2 * needed).map((free) => `${bytes(free)} are free where Docker keeps volumes`),
  ];
  if (problems.length > 0) {
    throw new UserError(
      `bench kafka: ${problems.join(", and ")}; ${bytes(needed)} are needed on each side. Nothing was measured; free some space`,
    );
  }
}

export function resultOf(compared: readonly Compared[]): BenchResult {
  const rows = compared.map(({ load, records, platform, outside }) => ({
    load,
    records,
    platform,
    outside,
    ratios: {
      produce: platform.produceMbPerSecond / outside.produceMbPerSecond,
      consume: platform.consumeMbPerSecond / outside.consumeMbPerSecond,
    },
  }));
  const verdicts = Object.fromEntries(
    rows.flatMap(({ load, ratios }) =>
      Object.entries(ratios).map(([what, ratio]) => [`${what} ${load}`, ratio >= leastRatio] as const),
    ),
  );
  const bench: "ok" | "failed" = Object.values(verdicts).every(Boolean) ? "ok" : "failed";
  const cells = rows.flatMap(({ load, records, ratios, ...of }) =>
    sides.map((side) => {
      const figures = of[side];
      const isPlatform = side === "platform";
      return [
        `${records} × ${load}`,
        side,
        figures.produceMbPerSecond.toFixed(1),
        figures.produceRecordsPerSecond.toFixed(0),
        figures.p50Ms.toFixed(0),
        figures.p99Ms.toFixed(0),
        figures.consumeMbPerSecond.toFixed(1),
        isPlatform ? ratios.produce.toFixed(2) : "",
        isPlatform ? ratios.consume.toFixed(2) : "",
      ];
    }),
  );
  const header = ["load", "broker", "in MB/s", "in records/s", "p50 ms", "p99 ms", "out MB/s", "ratio in", "ratio out"];
  const verdict =
    bench === "ok"
      ? `the platform carries at least ${leastRatio} × what the same broker carries outside`
      : `less than ${leastRatio} × outside: ${Object.entries(verdicts)
          .filter(([, isGood]) => !isGood)
          .map(([what]) => what)
          .join(", ")}`;
  return {
    document: { bench, loads: rows, leastRatio, verdicts },
    text: `${table(header, cells)}\n${verdict}`,
  };
}
