/** Figures of two commits, side by side. */
import { table } from "../cli/table.ts";
import { median } from "./percentile.ts";
import type { Figure } from "./settings.ts";

export interface ComparisonRow {
  readonly measure: string;
  readonly unit: Figure["unit"];
  /** Middle figure of the rounds; `null`: there is none. */
  readonly before: number | null;
  readonly now: number | null;
  /** `now / before`; `null` where one is missing, or before is 0. */
  readonly ratio: number | null;
}

/** Middle figures of the rounds of each side, in the order in which they were measured. */
export function compared(before: readonly (readonly Figure[])[], now: readonly (readonly Figure[])[]): ComparisonRow[] {
  const units = new Map([...before, ...now].flat().map(({ measure, unit }) => [measure, unit]));
  return [...units].map(([measure, unit]) => {
    const [old, young] = [before, now].map((rounds) => middle(rounds, measure));
    const [a, b] = [old ?? null, young ?? null];
    return { measure, unit, before: a, now: b, ratio: a === null || b === null || a === 0 ? null : b / a };
  });
}

/** A figure that one round lacks is not told: a record that never came is later than all others. */
function middle(rounds: readonly (readonly Figure[])[], measure: string): number | null {
  const values = rounds
    .flatMap((figures) => figures.filter((one) => one.measure === measure))
    .map(({ value }) => value);
  const known = values.filter((value) => value !== null);
  return known.length < values.length ? null : median(known);
}

const digits: Readonly<Record<Figure["unit"], number>> = {
  cores: 3,
  MiB: 0,
  s: 1,
  "CPU-s": 1,
  "records/s": 0,
  records: 0,
  "MB/s": 1,
};

/**
 * The rows for people.
 * @param label - of the commit before; `undefined`: only one side was measured
 */
export function comparisonTable(rows: readonly ComparisonRow[], label: string | undefined): string {
  const shown = (value: number | null, unit: Figure["unit"]): string =>
    value === null ? "-" : value.toFixed(digits[unit]);
  if (label === undefined) {
    return table(
      ["measure", "unit", "now"],
      rows.map(({ measure, unit, now }) => [measure, unit, shown(now, unit)]),
    );
  }
  return table(
    ["measure", "unit", label, "now", "ratio"],
    rows.map(({ measure, unit, before, now, ratio }) => [
      measure,
      unit,
      shown(before, unit),
      shown(now, unit),
      ratio === null ? "-" : ratio.toFixed(2),
    ]),
  );
}
