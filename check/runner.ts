/** Runs branches of hops beside each other, each hop for as long as it sees something new, and always cleans up. */
import { performance } from "node:perf_hooks";
import { describeError, isRefusal } from "../platform/hops/errors.ts";
import { HopFailure, HopSkipped } from "../platform/hops/hop.ts";
import { cleanupMs, LimitReached, limitWords } from "../platform/hops/limits.ts";
import type { Branch, CleanupStep, Hop, HopContext, HopFigures, Skipped } from "../platform/hops/hop.ts";

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
  /** Hops that had nothing to ask, in the same order. */
  readonly skipped: readonly Skipped[];
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
  /** Told of each hop that had nothing to ask. */
  readonly onSkipped?: (skipped: Skipped) => void;
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
    skipped: outcomes.flatMap((outcome) => outcome.skipped),
    ...(failed === undefined ? {} : { failedHop: failed.hop }),
    warnings: outcomes.flatMap((outcome) => outcome.warnings),
    ms: Math.round(performance.now() - started),
  };
}

interface BranchOutcome {
  readonly results: readonly HopResult[];
  readonly skipped: readonly Skipped[];
  readonly warnings: readonly string[];
}

/** Stops at the first hop that is missing: the ones after it can only be missing too. */
async function runBranch(branch: Branch, options: RunOptions, abandon: AbortController): Promise<BranchOutcome> {
  const started = performance.now();
  const cleanups: CleanupStep[] = [];
  const results: HopResult[] = [];
  const skipped: Skipped[] = [];
  const stops = [options.signal, branch.carriesOthers === true ? undefined : abandon.signal];
  const stop = AbortSignal.any(stops.filter((signal) => signal !== undefined));
  const isAbandoned = (): boolean =>
    branch.carriesOthers !== true && abandon.signal.aborted && options.signal?.aborted !== true;
  for (const hop of branch.hops) {
    if (isAbandoned()) break;
    const limits = {
      standstillMs: hop.timeoutMs,
      remainingMs: branch.timeoutMs - (performance.now() - started),
      branchMs: branch.timeoutMs,
    };
    const result = await runHop(hop, limits, stop, {
      onCleanup: (step) => void cleanups.push(step),
      onProgress: (words) => options.onProgress?.(hop.name, words),
    });
    if ("reason" in result) {
      skipped.push(result);
      options.onSkipped?.(result);
      continue;
    }
    if (isAbandoned() && !result.ok) break;
    results.push(result);
    options.onResult?.(result);
    if (!result.ok) {
      if (branch.carriesOthers === true) abandon.abort();
      break;
    }
  }
  return { results, skipped, warnings: await cleanUp(cleanups.reverse(), branch.cleanupTimeoutMs ?? cleanupMs) };
}

/** How long a hop is waited for, in ms. */
interface HopLimits {
  /** Without anything new. */
  readonly standstillMs: number;
  /** What is left of its branch's time, however it gets on. */
  readonly remainingMs: number;
  readonly branchMs: number;
}

async function runHop(
  hop: Hop,
  limits: HopLimits,
  stop: AbortSignal,
  callbacks: Omit<HopContext, "signal">,
): Promise<HopResult | Skipped> {
  const started = performance.now();
  const elapsed = (): number => Math.round(performance.now() - started);
  const deadline = new Deadline(stop);
  const seen = new Set<string>();
  const onProgress = (words: string): void => {
    callbacks.onProgress(words);
    // What comes back is no progress: a service that fails in turns would be waited for without end.
    if (!seen.has(words)) deadline.restart(limits.standstillMs, standstill);
    seen.add(words);
  };
  const standstill = `no progress for ${seconds(limits.standstillMs)}`;
  try {
    if (limits.remainingMs <= 0) {
      throw new Error(`no time left: the hops before it used all of the ${seconds(limits.branchMs)}`);
    }
    deadline.restart(limits.standstillMs, standstill);
    deadline.atLatest(limits.remainingMs, `not done within ${seconds(limits.branchMs)}, the whole time of the proof`);
    const figures = await deadline.race(hop.run({ ...callbacks, onProgress, signal: deadline.signal }));
    return { hop: hop.name, ok: true, ...figures, ms: elapsed() };
  } catch (error) {
    if (error instanceof HopSkipped) return { hop: hop.name, reason: error.message };
    const words = isRefusal(error) ? `access refused: ${describeError(error)}` : describeError(error);
    const limit = deadline.reached;
    const told = limit === undefined || words.startsWith(limit) ? words : `${limit}: ${words}`;
    const message = stop.aborted ? `the proof was stopped here: ${words}` : told;
    const name = (error instanceof HopFailure ? error.hop : undefined) ?? hop.name;
    return { hop: name, ok: false, count: 0, distinct: 0, checksum: "0", ms: elapsed(), message };
  } finally {
    deadline.end();
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

async function cleanUp(steps: readonly CleanupStep[], timeoutMs: number): Promise<string[]> {
  const deadline = performance.now() + timeoutMs;
  const warnings: string[] = [];
  for (const step of steps) {
    const limit = new Deadline();
    try {
      limit.atLatest(Math.max(1, deadline - performance.now()), "no time left");
      await limit.race(step.run(limit.signal));
    } catch (error) {
      warnings.push(`not removed: ${step.what} (${describeError(error)}); the next proof removes it`);
    } finally {
      limit.end();
    }
  }
  return warnings;
}

/** How long a hop may go on after its signal, to say what it saw last. */
const graceMs = 3000;

/** Aborts its signal at a limit, and a little later rejects on behalf of a task that does not heed it. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #expired = Promise.withResolvers<never>();
  readonly #started = performance.now();
  readonly #stop: AbortSignal | undefined;
  #standstill: NodeJS.Timeout | undefined;
  #latest: NodeJS.Timeout | undefined;
  #grace: NodeJS.Timeout | undefined;

  /** @param stop - aborts it too */
  constructor(stop?: AbortSignal) {
    this.#stop = stop;
    stop?.addEventListener("abort", this.#abort);
    if (stop?.aborted === true) this.#abort();
    // Whoever does not race has nothing to hear.
    this.#expired.promise.catch(() => undefined);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The limit that was reached, in words; `undefined`: none. */
  get reached(): string | undefined {
    return limitWords(this.signal);
  }

  /** Begins the time without progress anew. */
  restart(ms: number, words: string): void {
    clearTimeout(this.#standstill);
    this.#standstill = setTimeout(this.#abort, ms, new LimitReached(words));
  }

  atLatest(ms: number, words: string): void {
    this.#latest = setTimeout(this.#abort, ms, new LimitReached(words));
  }

  async race<T>(task: Promise<T>): Promise<T> {
    return await Promise.race([task, this.#expired.promise]);
  }

  end(): void {
    for (const timer of [this.#standstill, this.#latest, this.#grace]) clearTimeout(timer);
    this.#stop?.removeEventListener("abort", this.#abort);
    // What the task has begun ends with it.
    this.#controller.abort();
  }

  readonly #abort = (reason?: unknown): void => {
    this.#controller.abort(reason instanceof LimitReached ? reason : undefined);
    this.#grace ??= setTimeout(() => {
      this.#expired.reject(new Error(`no answer within ${seconds(performance.now() - this.#started)}`));
    }, graceMs);
  };
}
