/** Values of rows, whose types a database's client can't tell at compile time. */

export type Row = Readonly<Record<string, unknown>>;

export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === "string") return value;
  throw new Error(`column ${column} holds ${String(value)}, which is no text`);
}

export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null || row[column] === undefined ? null : textOf(row, column);
}

/** Of a whole number of any size, or one with a fraction. */
export function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Error(`column ${column} holds ${String(value)}, which is no number`);
}

/** `null` also for what is not a number (NaN), which JSON can't say. */
export function numberOrNull(row: Row, column: string): number | null {
  const value = row[column];
  if (value === null || value === undefined || value === "NaN" || Number.isNaN(value)) return null;
  return numberOf(row, column);
}

/** A time in ms since 1970, from a `Date` or from SQL's `2026-11-21 12:00:00.000`, which is UTC. */
export function timeOf(row: Row, column: string): number {
  const value = row[column];
  const time = value instanceof Date ? value.getTime() : Date.parse(`${textOf(row, column).replace(" ", "T")}Z`);
  if (Number.isNaN(time)) throw new Error(`column ${column} holds ${String(value)}, which is no time`);
  return time;
}
