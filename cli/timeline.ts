/** Where the time of a command went: its steps, what each of them waited for, and the longest chain of them. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

import { duration, table } from "./table.ts";

/** One step that has ended. Times are milliseconds since the command began. */
export interface TimedStep {
  readonly id: string;
  readonly title: string;
  readonly beganMs: number;
  readonly ms: number;
  /** Ids of the steps that had to end first; those that are not known count for nothing. */
  readonly after: readonly string[];
}

/** A step as reports show it. */
export interface PathStep {
  readonly step: string;
  readonly beganMs: number;
  readonly ms: number;
}

/** How the time of a command came about. */
export interface Timing {
  readonly wallMs: number;
  /** The longest chain of steps that waited for each other: the command can't be faster while these take that long. */
  readonly criticalPathMs: number;
  /** Processor time of the command and of the embedded cluster meanwhile; `null` where it can't be had. */
  readonly cpuSeconds: number | null;
  readonly cores: number;
  /** Wall time by the larger of critical path and processor time per core: 1 is as fast as these steps allow. */
  readonly ratio: number;
  /** The steps of the critical path, in their order. */
  readonly path: readonly PathStep[];
}

/** Notes steps as they begin and end. */
export class Timeline {
  readonly #now: () => number;
  readonly #began: number;
  readonly #steps = new Map<string, TimedStep>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#began = now();
  }

  /** Milliseconds since the command began. */
  get elapsedMs(): number {
    return this.#now() - this.#began;
  }

  get steps(): readonly TimedStep[] {
    return [...this.#steps.values()];
  }

  /**
   * Begins a step; the answer ends it.
   * @param after ids of what it waited for. @default - all steps that have ended by now
   */
  begin(id: string, title: string, after: readonly string[] = [...this.#steps.keys()]): () => void {
    const beganMs = this.elapsedMs;
    return () => {
      this.#steps.set(id, { id, title, beganMs, ms: this.elapsedMs - beganMs, after });
    };
  }

  /** Runs `work` as one step, which is noted when it succeeds. */
  async during<T>(title: string, work: () => Promise<T>): Promise<T> {
    const end = this.begin(title, title);
    const result = await work();
    end();
    return result;
  }
}

/** A chain of steps up to one of them. */
interface Chain {
  readonly step: TimedStep;
  readonly before: Chain | undefined;
  /** How long the step took after the end of those before: a replaced object begins while what it follows still goes on. */
  readonly alone: number;
  readonly ms: number;
  readonly endMs: number;
}

function chainTo(step: TimedStep, before?: Chain): Chain {
  const endMs = step.beganMs + step.ms;
  const alone = before === undefined ? step.ms : Math.max(0, Math.min(step.ms, endMs - before.endMs));
  return { step, before, alone, ms: alone + (before?.ms ?? 0), endMs: Math.max(endMs, before?.endMs ?? 0) };
}

/** The one that takes longer; of two that take as long, the one whose last steps were waited for. */
function longer(left: Chain, right: Chain): Chain {
  if (left.ms !== right.ms) return left.ms > right.ms ? left : right;
  return (left.before?.endMs ?? 0) > (right.before?.endMs ?? 0) ? left : right;
}

/** The chain of steps, each after the one before it, that takes longest in all. What two of them share counts once. */
export function longestChain(steps: readonly TimedStep[]): readonly TimedStep[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const chains = new Map<string, Chain>();
  // What waits for itself counts once.
  const open = new Set<string>();
  const longestTo = (step: TimedStep): Chain => {
    const known = chains.get(step.id);
    if (known !== undefined) return known;
    open.add(step.id);
    const others = step.after.filter((id) => !open.has(id)).flatMap((id) => byId.get(id) ?? []);
    const longest = others.map((other) => chainTo(step, longestTo(other))).reduce(longer, chainTo(step));
    open.delete(step.id);
    chains.set(step.id, longest);
    return longest;
  };
  const all = steps.map(longestTo);
  if (all.length === 0) return [];
  const chain: TimedStep[] = [];
  for (let at: Chain | undefined = all.reduce((a, b) => (b.ms > a.ms ? b : a)); at !== undefined; at = at.before) {
    chain.unshift({ ...at.step, beganMs: at.step.beganMs + at.step.ms - at.alone, ms: at.alone });
  }
  return chain;
}

/** @param cpuSeconds processor time that was used; `null` where it can't be had */
export function timingOf(
  steps: readonly TimedStep[],
  wallMs: number,
  cpuSeconds: number | null,
  cores = availableParallelism(),
): Timing {
  const chain = longestChain(steps);
  const criticalPathMs = chain.reduce((total, { ms }) => total + ms, 0);
  const least = Math.max(criticalPathMs, ((cpuSeconds ?? 0) * 1000) / cores, 1);
  const path = chain.map(({ title, beganMs, ms }) => ({ step: title, beganMs, ms }));
  return { wallMs, criticalPathMs, cpuSeconds, cores, ratio: Math.round((100 * wallMs) / least) / 100, path };
}

/** The last line of `up`. */
export function renderTiming({ criticalPathMs, cpuSeconds, cores, ratio }: Timing): string {
  const path = `critical path ${duration(criticalPathMs)}`;
  if (cpuSeconds === null) return `${path}; the wall time is ${ratio.toFixed(2)} times that`;
  const perCore = duration((cpuSeconds * 1000) / cores);
  return `${path}, ${Math.round(cpuSeconds)} CPU-seconds on ${cores} cores (${perCore}); the wall time is ${ratio.toFixed(2)} times the larger`;
}

/** The steps of the critical path, for people who want to shorten it. */
export function renderPath({ path }: Timing): string {
  const rows = path.map(({ step, beganMs, ms }) => [step, duration(beganMs), duration(ms)]);
  return table(["critical path", "began after", "took"], rows);
}

/** Clock ticks per second of `/proc`, the same on every Linux that Node runs on. */
const TICKS = 100;

/** Processor time of this process and of its children that have ended, in seconds; `undefined` where there is no `/proc`. */
export function ownCpuSeconds(stat = readOwnStat()): number | undefined {
  // The program's name may contain anything, so fields are counted from the end of it: utime, stime, cutime, cstime.
  const fields = stat
    ?.slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 15);
  return fields === undefined ? undefined : fields.reduce((total, ticks) => total + Number(ticks), 0) / TICKS;
}

function readOwnStat(): string | undefined {
  try {
    return readFileSync("/proc/self/stat", "utf8");
  } catch {
    return undefined;
  }
}
