/** Runs branches of hops beside each other, each hop within its time, and always cleans up. */
import { performance } from "node:perf_hooks";
import { describeError, isRefusal } from "./errors.ts";
import { HopFailure } from "./hop.ts";
import type { Branch, CleanupStep, Hop, HopContext, HopFigures } from "./hop.ts";

export interface HopResult extends HopFigures {
  readonly hop: string;
  readonly ok: boolean;
  /** Time that the hop took, in ms. */
  readonly ms: number;
}

export interface ProofResult {
  readonly ok: boolean;
  /** Results of the hops that were judged, branch after branch: in the order of the table, not of their ends. */
  readonly hops: readonly HopResult[];
  /** The first missing hop in that order. */
  readonly failedHop?: string;
  /** Clean-up steps that failed; the next proof removes what they left. */
  readonly warnings: readonly string[];
  readonly ms: number;
}

export interface RunOptions {
  /** Ends the hops under way, and with them the run; what was made is removed all the same. @default - none */
  readonly signal?: AbortSignal;
  /** Told of each hop as it ends. */
  readonly onResult?: (result: HopResult) => void;
  /** Told what a hop waits for. */
  readonly onProgress?: (hop: string, words: string) => void;
}

/** Runs all branches at once and answers when each has ended and cleaned up. */
export async function runBranches(branches: readonly Branch[], options: RunOptions = {}): Promise<ProofResult> {
  const started = performance.now();
  const abandon = new AbortController();
  const outcomes = await Promise.all(branches.map((branch) => runBranch(branch, options, abandon)));
  const hops = outcomes.flatMap((outcome) => outcome.results);
  const failed = hops.find((result) => !result.ok);
  return {
    ok: failed === undefined,
    hops,
    ...(failed === undefined ? {} : { failedHop: failed.hop }),
    warnings: outcomes.flatMap((outcome) => outcome.warnings),
    ms: Math.round(performance.now() - started),
  };
}

interface BranchOutcome {
  readonly results: readonly HopResult[];
  readonly warnings: readonly string[];
}

/** Stops at the first hop that is missing: the ones after it can only be missing too. */
async function runBranch(branch: Branch, options: RunOptions, abandon: AbortController): Promise<BranchOutcome> {
  const started = performance.now();
  const cleanups: CleanupStep[] = [];
  const results: HopResult[] = [];
  const stops = [options.signal, branch.carriesOthers === true ? undefined : abandon.signal];
  const stop = AbortSignal.any(stops.filter((signal) => signal !== undefined));
  const isAbandoned = (): boolean =>
    branch.carriesOthers !== true && abandon.signal.aborted && options.signal?.aborted !== true;
  for (const hop of branch.hops) {
    if (isAbandoned()) break;
    const remaining = branch.timeoutMs - (performance.now() - started);
    const result = await runHop(hop, Math.min(hop.timeoutMs, remaining), stop, {
      onCleanup: (step) => void cleanups.push(step),
      onProgress: (words) => options.onProgress?.(hop.name, words),
    });
    if (isAbandoned() && !result.ok) break;
    results.push(result);
    options.onResult?.(result);
    if (!result.ok) {
      if (branch.carriesOthers === true) abandon.abort();
      break;
    }
  }
  return { results, warnings: await cleanUp(cleanups.reverse(), branch.cleanupTimeoutMs ?? 20_000) };
}

async function runHop(
  hop: Hop,
  timeoutMs: number,
  stop: AbortSignal,
  callbacks: Omit<HopContext, "signal">,
): Promise<HopResult> {
  const started = performance.now();
  const elapsed = (): number => Math.round(performance.now() - started);
  try {
    if (timeoutMs <= 0) throw new Error("no time left: the hops before it used the whole of the proof's time limit");
    const figures = await within(timeoutMs, (signal) => hop.run({ signal, ...callbacks }), stop);
    return { hop: hop.name, ok: true, ...figures, ms: elapsed() };
  } catch (error) {
    const words = isRefusal(error) ? `access refused: ${describeError(error)}` : describeError(error);
    const message = stop.aborted ? `the proof was stopped here: ${words}` : words;
    const name = (error instanceof HopFailure ? error.hop : undefined) ?? hop.name;
    return { hop: name, ok: false, count: 0, distinct: 0, checksum: "0", ms: elapsed(), message };
  }
}

async function cleanUp(steps: readonly CleanupStep[], timeoutMs: number): Promise<string[]> {
  const deadline = performance.now() + timeoutMs;
  const warnings: string[] = [];
  for (const step of steps) {
    try {
      await within(Math.max(1, deadline - performance.now()), step.run);
    } catch (error) {
      warnings.push(`not removed: ${step.what} (${describeError(error)}); the next proof removes it`);
    }
  }
  return warnings;
}

/** How long a hop may go on after its signal, to say what it saw last. */
const graceMs = 3000;

async function within<T>(timeoutMs: number, task: (signal: AbortSignal) => Promise<T>, stop?: AbortSignal): Promise<T> {
  const controller = new AbortController();
  const started = performance.now();
  const { promise: expired, reject } = Promise.withResolvers<never>();
  let graceTimer: NodeJS.Timeout | undefined;
  const end = (): void => {
    controller.abort();
    graceTimer ??= setTimeout(() => {
      reject(new Error(`no answer within ${Math.round((performance.now() - started) / 1000)} s`));
    }, graceMs);
  };
  const timer = setTimeout(end, timeoutMs);
  stop?.addEventListener("abort", end);
  if (stop?.aborted === true) end();
  try {
    return await Promise.race([task(controller.signal), expired]);
  } finally {
    clearTimeout(timer);
    clearTimeout(graceTimer);
    stop?.removeEventListener("abort", end);
    controller.abort();
  }
}
