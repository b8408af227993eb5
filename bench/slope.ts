/** How a figure changes with time, as a straight line through its samples. */

/** A figure at a time. */
export interface Sample {
  /** In ms since the epoch. */
  readonly at: number;
  readonly value: number;
}

export interface Line {
  /** Of the samples. */
  readonly mean: number;
  /** By how much the line rises from the first sample to the last one; negative when it falls. */
  readonly rise: number;
}

/**
 * The line with the least squares of its distances.
 * @returns `undefined` for less than two times
 */
export function lineThrough(samples: readonly Sample[]): Line | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || first.at === last.at) return undefined;
  const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [at, mean] = [average(samples.map((one) => one.at)), average(samples.map((one) => one.value))];
  const covariance = samples.reduce((sum, one) => sum + (one.at - at) * (one.value - mean), 0);
  const variance = samples.reduce((sum, one) => sum + (one.at - at) ** 2, 0);
  return { mean, rise: (covariance / variance) * (last.at - first.at) };
}
