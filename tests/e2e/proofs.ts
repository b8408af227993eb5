/** The proof as the end-to-end test uses it: by the command that a user types. */
import type { Hop, ProofReport } from "../../cli/proof.ts";
import { document, millrace, must } from "./runner.ts";

const MINUTE = 60_000;
/** Longer than a proof whose every branch uses its whole time. */
const CHECK_LIMIT_MS = 8 * MINUTE;

export interface CheckRun {
  readonly code: number;
  readonly ms: number;
  readonly report: ProofReport;
}

export async function check(): Promise<CheckRun> {
  const ran = await millrace(["check", "--json"], CHECK_LIMIT_MS);
  return { code: ran.code, ms: ran.ms, report: document(ran) as ProofReport };
}

/** What a failed check says, hop by hop. */
export function failures(report: ProofReport): string {
  const words = report.hops.filter((hop) => !hop.ok).map((hop: Hop) => `${hop.hop}: ${hop.message}`);
  return words.join("; ") || (report.error ?? "no hop failed");
}

/**
 * Checks until all is well again, and wants the first good proof to have ended in time.
 * @param since - `Date.now()` of the fault
 */
export async function greenAgain(since: number, limitMs: number): Promise<string> {
  const seconds = (): number => Math.round((Date.now() - since) / 1000);
  const seen: string[] = [];
  for (;;) {
    const { code, report } = await check();
    if (code === 0 && report.ok) break;
    seen.push(`${failures(report)} (after ${seconds()} s)`);
    must(Date.now() - since < limitMs + 5 * MINUTE, `no good proof: ${seen.join("; ")}`);
  }
  const took = seconds();
  const before = seen.length === 0 ? "" : `; before that: ${seen.join("; ")}`;
  must(took * 1000 <= limitMs, `the proof was green only ${took} s later, ${limitMs / 1000} s are allowed${before}`);
  return `green ${took} s later${before}`;
}
