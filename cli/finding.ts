/** One thing that `npm run doctor` has looked at. */
export interface Finding {
  /** What was looked at. */
  readonly subject: string;
  readonly level: "ok" | "warning" | "problem";
  /** What is there, or what is wrong. */
  readonly detail: string;
  /** The next command or step; empty when ok. */
  readonly next: string;
}

export const ok = (subject: string, detail: string): Finding => ({ subject, level: "ok", detail, next: "" });

/** Whether version `have` is `least` or later. */
export function atLeast(have: string, least: string): boolean {
  const a = have.split(".").map(Number);
  const b = least.split(".").map(Number);
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
