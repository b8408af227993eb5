/** What a caller of the end-to-end test chooses, beside the parts. */
export interface Options {
  /** How often the windows' driver is killed. */
  readonly kills: number;
}

export const USUAL_KILLS = 4;
export const MOST_KILLS = 50;
export const MOST_MINUTES = 24 * 60;

/** @returns `undefined` when the text is no whole number from 1 to `most` */
export function countOf(text: string, most: number): number | undefined {
  const count = Number(text);
  return /^\d+$/.test(text) && count >= 1 && count <= most ? count : undefined;
}

/**
 * The parts that a text with commas names.
 * @throws Error when it names one that there is not, before any of them runs
 */
export function namedParts(text: string, known: readonly string[]): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.filter((name) => !known.includes(name));
  if (wrong.length === 0) return names;
  throw new Error(`--only ${wrong.join(",")}: there is no such part; there are ${known.join(", ")}`);
}
