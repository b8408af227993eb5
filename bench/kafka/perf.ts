/** What Kafka's own load tools print, and what the two sides of the measurement come to. */
import { median } from "../percentile.ts";

/** What one run of both tools on one side gave. */
export interface PerfRun {
  readonly produced: ProducerFigures;
  readonly consumed: ConsumerFigures;
}

export interface ProducerFigures {
  readonly records: number;
  readonly recordsPerSecond: number;
  readonly mbPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface ConsumerFigures {
  readonly records: number;
  readonly recordsPerSecond: number;
  readonly mbPerSecond: number;
}

/** A size of records that is measured. */
export interface Load {
  readonly name: string;
  readonly bytes: number;
  /** At most. */
  readonly records: number;
}

export const loads: readonly Load[] = [
  { name: "1 KB", bytes: 1000, records: 1_000_000 },
  { name: "100 B", bytes: 100, records: 5_000_000 },
];

/** The least that the platform may have of what the same broker does outside. */
export const leastRatio = 0.85;

const summary =
  /^(\d+) records sent, ([\d.]+) records\/sec \(([\d.]+) MB\/sec\), .*?, (\d+) ms 50th, .*?, (\d+) ms 99th,/;

/**
 * Reads the last summary line of `ProducerPerformance` and the table of `ConsumerPerformance`.
 * @throws Error with what was printed when one of them is not there
 */
export function readPerf(output: string): PerfRun {
  const lines = output.split("\n").map((line) => line.trim());
  const produced = lines.flatMap((line) => {
    const found = summary.exec(line);
    return found === null ? [] : [found.slice(1).map(Number)];
  });
  const [records, recordsPerSecond, mbPerSecond, p50Ms, p99Ms] = produced.at(-1) ?? [];
  const head = lines.findLastIndex((line) => line.startsWith("start.time,"));
  const cells = (lines[head + 1] ?? "").split(",").map((cell) => cell.trim());
  const column = (name: string): number => Number(cells[(lines[head] ?? "").split(", ").indexOf(name)] ?? NaN);
  const consumed = {
    records: column("data.consumed.in.nMsg"),
    mbPerSecond: column("fetch.MB.sec"),
    recordsPerSecond: column("fetch.nMsg.sec"),
  };
  if (
    records === undefined ||
    recordsPerSecond === undefined ||
    mbPerSecond === undefined ||
    p50Ms === undefined ||
    p99Ms === undefined ||
    head < 0 ||
    Object.values(consumed).some(Number.isNaN)
  ) {
    throw new Error(
      `Kafka's load tools have not ended well; their last words:\n${lines.filter(Boolean).slice(-6).join("\n")}`,
    );
  }
  return { produced: { records, recordsPerSecond, mbPerSecond, p50Ms, p99Ms }, consumed };
}

/** How many records fill so many seconds at a rate that was seen, in whole thousands; not more than the load has. */
export function recordsFor(load: Load, recordsPerSecond: number, seconds: number): number {
  return Math.min(load.records, Math.max(1000, Math.round((recordsPerSecond * seconds) / 1000) * 1000));
}

export interface SideFigures {
  readonly produceMbPerSecond: number;
  readonly produceRecordsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly consumeMbPerSecond: number;
  readonly consumeRecordsPerSecond: number;
}

/** Medians of the runs of one side. */
export function sideOf(runs: readonly PerfRun[]): SideFigures {
  const middle = (of: (run: PerfRun) => number): number => median(runs.map(of)) ?? NaN;
  return {
    produceMbPerSecond: middle(({ produced }) => produced.mbPerSecond),
    produceRecordsPerSecond: middle(({ produced }) => produced.recordsPerSecond),
    p50Ms: middle(({ produced }) => produced.p50Ms),
    p99Ms: middle(({ produced }) => produced.p99Ms),
    consumeMbPerSecond: middle(({ consumed }) => consumed.mbPerSecond),
    consumeRecordsPerSecond: middle(({ consumed }) => consumed.recordsPerSecond),
  };
}
