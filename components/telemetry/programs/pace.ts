/** A steady rate by the clock. */
import { setTimeout as sleep } from "node:timers/promises";

export interface PaceOptions {
  /** Steps in a second. */
  readonly rate: number;
  /** Steps after which it ends. @default - goes on until the signal */
  readonly total?: number;
  /** @default 50 */
  readonly tickMs?: number;
  /** Time that is made up for when a tick comes late, in ms; what was due before is left out. @default - all of it */
  readonly mostLateMs?: number;
  /** Milliseconds of a clock that only goes forward. @default performance.now */
  readonly now?: () => number;
}

/** How long ago a step of this tick was due, in ms. */
export type DueAgo = (step: number) => number;

/**
 * Calls `take` at each tick with the steps that are due, from the first one to before the second one. A late tick is made
 * up for, so that the rate holds over time however late the ticks are.
 */
export async function keepPace(
  options: PaceOptions,
  signal: AbortSignal,
  take: (from: number, to: number, dueAgo: DueAgo) => void,
): Promise<void> {
  const { rate, total = Infinity, tickMs = 50, mostLateMs = Infinity, now = () => performance.now() } = options;
  let started = now();
  let done = 0;
  while (done < total && !signal.aborted) {
    const dueMs = (done / rate) * 1000 + started;
    if (now() - dueMs > mostLateMs) started += now() - dueMs - mostLateMs;
    const elapsed = now() - started;
    const due = Math.min(total, Math.floor((elapsed / 1000) * rate));
    if (due > done) take(done, due, (step) => elapsed - ((step + 1) / rate) * 1000);
    done = Math.max(done, due);
    await sleep(tickMs, undefined, { signal }).catch(() => undefined);
  }
}
