/** When records became visible to someone who sees only how many there are. */
import { Histogram } from "./histogram.ts";

/**
 * Records are made in order and become visible in about the same order, so with n visible ones the n oldest are. A look
 * that sees more than the one before gives their latency: from the making of each to the end of that look.
 */
export class CountedVisibility {
  readonly latencies = new Histogram(600_000);
  #seen = 0;

  /** Records seen so far. */
  get seen(): number {
    return this.#seen;
  }

  /**
   * Takes what a look saw.
   * @param madeAt - times of all records made so far, in order, in ms since the epoch
   * @param now - the end of the look
   */
  look(count: number, madeAt: readonly number[], now: number): void {
    for (const at of madeAt.slice(this.#seen, count)) this.latencies.add(now - at);
    this.#seen = Math.max(this.#seen, Math.min(count, madeAt.length));
  }
}
