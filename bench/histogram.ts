/** Many latencies in little memory, each to the millisecond. */
export class Histogram {
  /** By whole ms; the last one is for all that took longer. */
  readonly #counts: Uint32Array;
  #count = 0;
  #max = 0;

  /** @param longestMs - Latencies beyond it are told apart no more. */
  constructor(longestMs = 60_000) {
    this.#counts = new Uint32Array(longestMs + 1);
  }

  get count(): number {
    return this.#count;
  }

  /** The longest; 0 for none. */
  get max(): number {
    return this.#max;
  }

  /** Takes one; what clocks make negative counts as 0. */
  add(ms: number): void {
    const at = Math.min(this.#counts.length - 1, Math.max(0, Math.round(ms)));
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#count++;
    this.#max = Math.max(this.#max, ms);
  }

  /**
   * Nearest-rank percentile in ms.
   * @param rank - 0 to 100
   * @param missing - Latencies that never came and count as later than all others.
   * @returns `null` for none, or when the percentile falls on one that never came or is beyond the longest
   */
  percentile(rank: number, missing = 0): number | null {
    if (!(rank >= 0 && rank <= 100)) throw new RangeError(`percentile rank ${rank}: allowed are 0 to 100`);
    const wanted = Math.max(1, Math.ceil((rank / 100) * (this.#count + missing)));
    let seen = 0;
    for (let ms = 0; ms < this.#counts.length - 1; ms++) {
      seen += this.#counts[ms] ?? 0;
      if (seen >= wanted) return ms;
    }
    return null;
  }
}
