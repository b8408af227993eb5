/** The proof as the end-to-end test uses it: by the command that a user types. */
import type { CheckReport } from "../../cli/check.ts";
import type { Hop } from "../../cli/proof.ts";
import { document, millrace, must } from "./runner.ts";

const MINUTE = 60_000;
/** Longer than a proof in which a hop of each branch makes no progress, one after the other. */
const CHECK_LIMIT_MS = 12 * MINUTE;

export interface CheckRun {
  readonly code: number;
  readonly ms: number;
  readonly report: CheckReport;
}

export async function check(): Promise<CheckRun> {
  const ran = await millrace(["check", "--json"], CHECK_LIMIT_MS);
  return { code: ran.code, ms: ran.ms, report: document(ran) as CheckReport };
}

/** What a failed check says, hop by hop. */
export function failures(report: CheckReport): string {
  const words = report.hops.filter((hop) => !hop.ok).map((hop: Hop) => `${hop.hop}: ${hop.message}`);
  return words.join("; ") || (report.error ?? "no hop failed");
}

/** How much longer than its bar something may take on a slow machine before it counts as broken. */
const SLOWNESS = 3;

/** A time beside the bar that it is to reach; only far beyond the bar it is a failure. */
export function timed(what: string, tookMs: number, barMs: number): string {
  const words = `${what} ${Math.round(tookMs / 1000)} s (bar ${barMs / 1000} s)`;
  must(tookMs <= SLOWNESS * barMs, words);
  return words;
}

/**
 * Checks until all is well again.
 * @param since - `Date.now()` of the fault
 * @param barMs - Time within which the first good proof should have ended.
 */
export async function greenAgain(since: number, barMs: number): Promise<string> {
  const seen: string[] = [];
  for (;;) {
    const { code, report } = await check();
    const took = Date.now() - since;
    if (code === 0 && report.ok) {
      const before = seen.length === 0 ? "" : `; before that: ${seen.join("; ")}`;
      return `${timed("proof green after", took, barMs)}${before}`;
    }
    seen.push(`${failures(report)} (after ${Math.round(took / 1000)} s)`);
    must(took < SLOWNESS * barMs, `no good proof: ${seen.join("; ")}`);
  }
}
