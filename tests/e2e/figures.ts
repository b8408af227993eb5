/** Count, mean and deviation of many parts together, by sums of squares: on purpose not the way the platform merges them. */
import type { Part } from "./pipeline.ts";

/**
 * Figures of all records of some parts.
 * @returns mean and deviation 0 for no records
 */
export function figures(parts: readonly Part[]): Part {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  if (count === 0) return { count, mean: 0, deviation: null };
  const total = parts.reduce((sum, part) => sum + part.count * part.mean, 0);
  const squares = parts.reduce(
    (sum, part) => sum + (part.count - 1) * (part.deviation ?? 0) ** 2 + part.count * part.mean ** 2,
    0,
  );
  const mean = total / count;
  const deviation = count === 1 ? null : Math.sqrt(Math.max(0, squares - count * mean ** 2) / (count - 1));
  return { count, mean, deviation };
}

/** How far figures may differ by the order of additions alone. */
const TOLERANCE = 1e-9;

/** Whether two say the same, but for rounding. */
export function sameFigures(left: Part, right: Part): boolean {
  if (left.count !== right.count || (left.deviation === null) !== (right.deviation === null)) return false;
  const isClose = (a: number, b: number): boolean =>
    Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b));
  return isClose(left.mean, right.mean) && isClose(left.deviation ?? 0, right.deviation ?? 0);
}
