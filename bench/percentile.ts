/**
 * Nearest-rank percentile: the smallest value that at least `rank` percent of all values do not exceed.
 * @param sorted - ascending
 * @param rank - 0 to 100
 * @returns `undefined` for no values
 */
export function percentile(sorted: readonly number[], rank: number): number | undefined {
  if (!(rank >= 0 && rank <= 100)) throw new RangeError(`percentile rank ${rank}: allowed are 0 to 100`);
  return sorted[Math.max(0, Math.ceil((rank / 100) * sorted.length) - 1)];
}

/** The middle value, or the mean of the two in the middle; `null` for none. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? half - 1 : half], sorted[half]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
