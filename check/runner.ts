/** Runs branches of hops beside each other, each hop for as long as it sees something new, and always cleans up. */
import { performance } from "node:perf_hooks";
import { describeError, isRefusal } from "../platform/hops/errors.ts";
import { HopFailure, HopSkipped } from "../platform/hops/hop.ts";
import { cleanupMs, LimitReached, limitWords } from "../platform/hops/limits.ts";
import type { Branch, CleanupStep, Hop, HopContext, HopFigures, PlacedHop, Skipped } from "../platform/hops/hop.ts";

export interface HopResult extends HopFigures {
  readonly hop: string;
  readonly ok: boolean;
  /** Time that the hop took, in ms. */
  readonly ms: number;
}

export interface ProofResult {
  readonly ok: boolean;
  /** Results of the hops that were judged, in the order of the table, not of their ends. */
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
  const ends = new Ends(branches.flatMap(({ hops }) => hops.map(({ name }) => name)));
  const outcomes = await Promise.all(branches.map((branch) => new BranchRun(branch, options, abandon, ends).run()));
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

/** How each hop has ended, for those that wait for it. */
class Ends {
  readonly #hops: ReadonlyMap<string, PromiseWithResolvers<boolean>>;

  constructor(names: readonly string[]) {
    this.#hops = new Map(names.map((name) => [name, Promise.withResolvers<boolean>()]));
  }

  tell(name: string, hasPassed: boolean): void {
    this.#hops.get(name)?.resolve(hasPassed);
  }

  /** Settles when one is missing, or all have passed; those that are not asked stand in nobody's way. */
  async allPassed(names: readonly string[]): Promise<boolean> {
    const ends = names.map(async (name) => {
      if ((await this.#hops.get(name)?.promise) === false) throw new Error(`${name} is missing`);
    });
    return Promise.all(ends).then(
      () => true,
      () => false,
    );
  }
}

interface BranchOutcome {
  readonly results: readonly HopResult[];
  readonly skipped: readonly Skipped[];
  readonly warnings: readonly string[];
}

class BranchRun {
  readonly #branch: Branch;
  readonly #options: RunOptions;
  readonly #abandon: AbortController;
  readonly #ends: Ends;
  readonly #started = performance.now();
  /** End each hop when one before it is missing. */
  readonly #stops: readonly AbortController[];
  /** What each hop has registered, call by call. */
  readonly #cleanups: readonly (readonly CleanupStep[])[][];

  constructor(branch: Branch, options: RunOptions, abandon: AbortController, ends: Ends) {
    this.#branch = branch;
    this.#options = options;
    this.#abandon = abandon;
    this.#ends = ends;
    this.#stops = branch.hops.map(() => new AbortController());
    this.#cleanups = branch.hops.map(() => []);
  }

  async run(): Promise<BranchOutcome> {
    const { hops, cleanupTimeoutMs = cleanupMs } = this.#branch;
    const outcomes = await Promise.all(hops.map((hop, index) => this.#place(hop, index)));
    return {
      results: outcomes.filter((outcome) => outcome !== undefined && "ok" in outcome),
      skipped: outcomes.filter((outcome) => outcome !== undefined && "reason" in outcome),
      warnings: await cleanUp(this.#cleanups, cleanupTimeoutMs),
    };
  }

  /** @returns `undefined`: the hop is not judged */
  async #place(hop: PlacedHop, index: number): Promise<HopResult | Skipped | undefined> {
    let hasPassed = false;
    try {
      const before = this.#branch.hops.slice(0, index).map(({ name }) => name);
      const ready = this.#ends.allPassed(hop.waitsFor ?? before.slice(-1));
      const stops = [
        this.#options.signal,
        this.#stops[index]?.signal,
        this.#carried ? this.#abandon.signal : undefined,
      ];
      const outcome = await runHop(hop, {
        ready,
        limits: () => this.#limitsOf(hop),
        stop: AbortSignal.any(stops.filter((signal) => signal !== undefined)),
        isStopped: () => this.#options.signal?.aborted === true,
        onCleanup: (...steps) => void this.#cleanups[index]?.push(steps),
        onProgress: (words) => this.#options.onProgress?.(hop.name, words),
      });
      if (outcome === undefined) return undefined;
      hasPassed = "reason" in outcome || outcome.ok;
      if ("reason" in outcome) this.#options.onSkipped?.(outcome);
      else if (outcome.ok) this.#options.onResult?.(outcome);
      else return await this.#judge(outcome, index, before);
      return outcome;
    } finally {
      this.#ends.tell(hop.name, hasPassed);
    }
  }

  /** Whether this branch stands on another one. */
  get #carried(): boolean {
    return this.#branch.carriesOthers !== true;
  }

  /** The ones after the first missing hop can only be missing too. */
  async #judge(result: HopResult, index: number, before: readonly string[]): Promise<HopResult | undefined> {
    const isAbandoned = this.#carried && this.#abandon.signal.aborted && this.#options.signal?.aborted !== true;
    if (isAbandoned || !(await this.#ends.allPassed(before))) return undefined;
    this.#options.onResult?.(result);
    for (const later of this.#stops.slice(index + 1)) later.abort();
    if (!this.#carried) this.#abandon.abort();
    return result;
  }

  #limitsOf({ timeoutMs: standstillMs }: Hop): HopLimits {
    const { timeoutMs: branchMs } = this.#branch;
    return { standstillMs, branchMs, remainingMs: branchMs - (performance.now() - this.#started) };
  }
}

/** How long a hop is waited for, in ms. */
interface HopLimits {
  /** Without anything new. */
  readonly standstillMs: number;
  /** What is left of its branch's time, however it gets on. */
  readonly remainingMs: number;
  readonly branchMs: number;
}

interface HopRun extends Pick<HopContext, "onCleanup" | "onProgress"> {
  /** Whether the hops that it waits for have passed. */
  readonly ready: Promise<boolean>;
  /** As they are when those have passed. */
  readonly limits: () => HopLimits;
  readonly stop: AbortSignal;
  /** Whether the whole proof was stopped. */
  readonly isStopped: () => boolean;
}

/** @returns `undefined`: a hop that it waits for is missing */
async function runHop(hop: Hop, options: HopRun): Promise<HopResult | Skipped | undefined> {
  let started = performance.now();
  const deadline = new Deadline(options.stop);
  const seen = new Set<string>();
  let standstill: string | undefined;
  const onProgress = (words: string): void => {
    options.onProgress(words);
    // What comes back is no progress: a service that fails in turns would be waited for without end.
    if (!seen.has(words) && standstill !== undefined) deadline.restart(hop.timeoutMs, standstill);
    seen.add(words);
  };
  const begin = async (): Promise<void> => {
    if (!(await options.ready)) throw new NotReady();
    started = performance.now();
    const { standstillMs, remainingMs, branchMs } = options.limits();
    if (remainingMs <= 0) throw new Error(`no time left: the hops before it used all of the ${seconds(branchMs)}`);
    standstill = `no progress for ${seconds(standstillMs)}`;
    deadline.restart(standstillMs, standstill);
    deadline.atLatest(remainingMs, `not done within ${seconds(branchMs)}, the whole time of the proof`);
  };
  const needed = begin();
  try {
    if (hop.isEarly !== true) await needed;
    const { onCleanup } = options;
    const run = hop.run({ onCleanup, onProgress, needed, signal: deadline.signal });
    const figures = await deadline.race(Promise.all([run, needed]).then(([found]) => found));
    return { hop: hop.name, ok: true, ...figures, ms: Math.round(performance.now() - started) };
  } catch (error) {
    if (error instanceof NotReady) return undefined;
    if (error instanceof HopSkipped) return { hop: hop.name, reason: error.message };
    const words = isRefusal(error) ? `access refused: ${describeError(error)}` : describeError(error);
    const limit = deadline.reached;
    const told = limit === undefined || words.startsWith(limit) ? words : `${limit}: ${words}`;
    const message = options.isStopped() ? `the proof was stopped here: ${words}` : told;
    const name = (error instanceof HopFailure ? error.hop : undefined) ?? hop.name;
    const ms = Math.round(performance.now() - started);
    return { hop: name, ok: false, count: 0, distinct: 0, checksum: "0", ms, message };
  } finally {
    deadline.end();
  }
}

/** Ends a hop that waits for one that is missing. */
class NotReady extends Error {
  override readonly name = "NotReady";
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

/** Each hop's own steps, the last call's first, beside those of the others. */
async function cleanUp(hops: readonly (readonly (readonly CleanupStep[])[])[], timeoutMs: number): Promise<string[]> {
  const deadline = performance.now() + timeoutMs;
  const warnings = hops.map(async (calls) => {
    const told: (string | undefined)[] = [];
    for (const steps of calls.toReversed())
      told.push(...(await Promise.all(steps.map((step) => remove(step, deadline)))));
    return told;
  });
  return (await Promise.all(warnings)).flat().filter((warning) => warning !== undefined);
}

/** @returns what could not be removed, in words */
async function remove(step: CleanupStep, deadline: number): Promise<string | undefined> {
  const limit = new Deadline();
  try {
    limit.atLatest(Math.max(1, deadline - performance.now()), "no time left");
    await limit.race(step.run(limit.signal));
    return undefined;
  } catch (error) {
    return `not removed: ${step.what} (${describeError(error)}); the next proof removes it`;
  } finally {
    limit.end();
  }
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
