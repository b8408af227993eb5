/** What a caller of the end-to-end test chooses, beside the profile. */
export interface Options {
  /** How often the windows' driver is killed. */
  readonly kills: number;
}

export const MOST_KILLS = 50;

/** @returns `undefined` when the text is no number of kills */
export function killsOf(text: string): number | undefined {
  const kills = Number(text);
  return /^\d+$/.test(text) && kills >= 1 && kills <= MOST_KILLS ? kills : undefined;
}
