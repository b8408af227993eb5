/** What the proof prints: JSON lines on stdout for programs, plain lines on stderr for people. */
import type { Skipped } from "../platform/hops/hop.ts";
import type { HopResult, ProofResult } from "./runner.ts";

/** One hop as a JSON line. */
export function hopJson(result: HopResult): string {
  const { hop, ok, count, distinct, checksum, ms, message } = result;
  return JSON.stringify({ hop, ok, count, distinct, checksum, ms, message });
}

/** A hop that is not asked, as a JSON line. */
export function skippedJson({ hop, reason }: Skipped): string {
  return JSON.stringify({ skipped: hop, reason });
}

/**
 * The last JSON line. `hops` gives the order of the table: branches run beside each other, so their lines come as they
 * end. `warnings` is there only when something could not be removed.
 */
export function proofJson(run: string, result: ProofResult): string {
  const { failedHop, ms, warnings } = result;
  return JSON.stringify({
    proof: result.ok ? "ok" : "failed",
    run,
    ...(failedHop === undefined ? {} : { failedHop }),
    hops: result.hops.map(({ hop }) => hop),
    ms,
    ...(warnings.length === 0 ? {} : { warnings }),
  });
}

/** One hop as a line for people. */
export function hopLine(result: HopResult): string {
  const { hop, ok, count, distinct, checksum, ms, message } = result;
  const name = hop.padEnd(13);
  const seconds = `${(ms / 1000).toFixed(1)} s`.padStart(7);
  if (!ok) return `MISSING ${name}${seconds}  ${message}`;
  return `ok      ${name}${seconds}  count ${count}  distinct ${distinct}  checksum ${checksum}  ${message}`;
}

/** A hop that is not asked, as a line for people. */
export function skippedLine({ hop, reason }: Skipped): string {
  return `skipped ${hop.padEnd(13)}${"".padStart(7)}  ${reason}`;
}

/** The verdict as lines for people. */
export function proofLines(run: string, result: ProofResult, skipped: readonly Skipped[] = []): string[] {
  const seconds = (result.ms / 1000).toFixed(1);
  const verdict =
    result.failedHop === undefined
      ? `proof ok: ${result.hops.length} hops in ${seconds} s, ${skipped.length} skipped (run ${run})`
      : `proof FAILED at hop ${result.failedHop} after ${seconds} s (run ${run})`;
  return [...result.warnings.map((warning) => `warning: ${warning}`), verdict];
}
