/** Runs hops in order, each within its time, and always cleans up. */
import { performance } from "node:perf_hooks";
import { describeError, isRefusal } from "./errors.ts";
import { HopFailure } from "./hop.ts";
import type { CleanupStep, Hop, HopFigures } from "./hop.ts";

export interface HopResult extends HopFigures {
  readonly hop: string;
  readonly ok: boolean;
  /** Time that the hop took, in ms. */
  readonly ms: number;
}

export interface ProofResult {
  readonly ok: boolean;
  /** Results of the hops that ran; the last one is the missing hop when `ok` is false. */
  readonly hops: readonly HopResult[];
  /** The first missing hop. */
  readonly failedHop?: string;
  /** Clean-up steps that failed; the next proof removes what they left. */
  readonly warnings: readonly string[];
  readonly ms: number;
}

export interface RunOptions {
  /** Limit of all hops together, in ms. */
  readonly timeoutMs: number;
  /** Limit of the whole clean-up, in ms. @default 20000 */
  readonly cleanupTimeoutMs?: number;
  /** Ends the hop under way, and with it the run; what was made is removed all the same. @default - none */
  readonly signal?: AbortSignal;
  /** Told of each hop as it ends. */
  readonly onResult?: (result: HopResult) => void;
}

/** Stops at the first hop that is missing: the ones after it can only be missing too. */
export async function runHops(hops: readonly Hop[], options: RunOptions): Promise<ProofResult> {
  const started = performance.now();
  const cleanups: CleanupStep[] = [];
  const results: HopResult[] = [];
  for (const hop of hops) {
    const remaining = options.timeoutMs - (performance.now() - started);
    const onCleanup = (step: CleanupStep): void => void cleanups.push(step);
    const result = await runHop(hop, Math.min(hop.timeoutMs, remaining), onCleanup, options.signal);
    results.push(result);
    options.onResult?.(result);
    if (!result.ok) break;
  }
  const warnings = await cleanUp(cleanups.reverse(), options.cleanupTimeoutMs ?? 20_000);
  const failed = results.find((result) => !result.ok);
  return {
    ok: failed === undefined,
    hops: results,
    ...(failed === undefined ? {} : { failedHop: failed.hop }),
    warnings,
    ms: Math.round(performance.now() - started),
  };
}

async function runHop(
  hop: Hop,
  timeoutMs: number,
  onCleanup: (step: CleanupStep) => void,
  stop: AbortSignal | undefined,
): Promise<HopResult> {
  const started = performance.now();
  const elapsed = (): number => Math.round(performance.now() - started);
  try {
    if (timeoutMs <= 0) throw new Error("no time left: the hops before it used the whole of the proof's time limit");
    const figures = await within(timeoutMs, (signal) => hop.run({ signal, onCleanup }), stop);
    return { hop: hop.name, ok: true, ...figures, ms: elapsed() };
  } catch (error) {
    const words = isRefusal(error) ? `access refused: ${describeError(error)}` : describeError(error);
    const message = stop?.aborted === true ? `the proof was stopped here: ${words}` : words;
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
