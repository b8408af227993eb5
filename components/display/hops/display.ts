/** Hop `display`: what the display shows of both streams from both sinks is what was sent. */
import type { Sink, Stream } from "../../../display/protocol.ts";
import { type DisplayClient, problemsOf, type WindowsShown } from "./display-client.ts";
import { poll } from "../../../platform/hops/errors.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";
import { numbersMetric } from "../../random-numbers/hops/marked-numbers.ts";
import type { MarkedNumbers } from "../../random-numbers/hops/marked-numbers.ts";
import { markedMetric } from "../../telemetry/hops/marked-records.ts";
import type { MarkedRun } from "../../telemetry/hops/marked-records.ts";
import { windowsDifference, windowsOf } from "../../windows/hops/windows.ts";
import type { TimedValue, Window } from "../../windows/hops/windows.ts";

export interface DisplayHopOptions {
  readonly display: DisplayClient;
  readonly numbers: MarkedNumbers;
  /** The records of the data path, which are monitoring to the display. */
  readonly marked: Pick<MarkedRun, "run" | "records">;
  readonly windowSeconds: number;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

/** What one answer of the display must hold. */
interface Wanted {
  readonly sink: Sink;
  readonly stream: Stream;
  readonly series: string;
  readonly metric: string;
  readonly records: readonly TimedValue[];
  readonly windows: readonly Window[];
}

/** How far the display is asked to look back, in minutes: longer than a proof may take until here. */
const minutes = 60;

export function displayHop(options: DisplayHopOptions): Hop {
  const { display } = options;
  return {
    name: "display",
    timeoutMs: standstillMs,
    run: async ({ signal, onProgress }) => {
      const all = wantedOf(options);
      return await poll(
        async () => {
          const problems = (await Promise.all(all.map((wanted) => problemOf(options, wanted, signal)))).flat();
          const words = problems.join("; ");
          if (words === "")
            return { ...figuresOf(all), message: `both streams from both sinks, from the ${display.where}` };
          return words;
        },
        { signal, onProgress, pauseMs: options.pauseMs },
      );
    },
  };
}

function wantedOf({ numbers, marked, windowSeconds }: DisplayHopOptions): Wanted[] {
  const telemetry = marked.records.map(({ ts, value }) => ({ ts: Date.parse(ts), value }));
  const sent = [
    { stream: "random-numbers", series: numbers.run, metric: numbersMetric, records: numbers.records },
    { stream: "monitoring", series: marked.run, metric: markedMetric, records: telemetry },
  ] as const;
  return (["disk", "cassandra"] as const).flatMap((sink) =>
    sent.map((one) => ({ sink, ...one, windows: windowsOf(one.records, windowSeconds) })),
  );
}

/** Windows that were compared, those that are different ones, and records counted in them. */
function figuresOf(all: readonly Wanted[]): { count: number; distinct: number; checksum: string } {
  const windows = all.flatMap((wanted) => wanted.windows.map(({ start }) => `${wanted.stream}/${start}`));
  const records = all.flatMap((wanted) => wanted.windows).reduce((sum, { count }) => sum + count, 0);
  return { count: windows.length, distinct: new Set(windows).size, checksum: String(records) };
}

async function problemOf(
  { display, windowSeconds }: DisplayHopOptions,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<string[]> {
  const { sink, stream, series, metric } = wanted;
  return await problemsOf(`of ${stream} from ${sink}`, signal, async () => {
    const shown = await display.windows(sink, stream, { series, metric, minutes }, signal);
    const problem = answerProblem(shown, wanted, windowSeconds);
    return problem === undefined ? undefined : `the ${display.where} shows of ${stream} from ${sink} ${problem}`;
  });
}

/** @returns what is wrong with an answer; `undefined`: nothing */
function answerProblem(shown: WindowsShown, wanted: Wanted, windowSeconds: number): string | undefined {
  const asked = ["sink", "stream", "series", "metric"] as const;
  const other = asked.find((name) => shown[name] !== wanted[name]);
  if (other !== undefined) return `${other} ${String(shown[other])}, asked was ${wanted[other]}`;
  if (shown.windowSeconds !== windowSeconds) return `windows of ${shown.windowSeconds} s, right is ${windowSeconds}`;
  const seen = shown.windows.map((window) => ({ ...window, start: Date.parse(window.start) }));
  const problem = windowsDifference(seen, wanted.windows);
  if (problem !== undefined) return problem;
  if (seen.some((window, index) => window.start < (seen[index - 1]?.start ?? 0))) return "windows in no order of time";
  const last = new Date(Math.max(...wanted.records.map(({ ts }) => ts))).toISOString();
  const shownLast = shown.lastRecordAt === null ? "none" : new Date(shown.lastRecordAt).toISOString();
  return shownLast === last ? undefined : `its newest record as of ${shownLast}, sent was ${last}`;
}
