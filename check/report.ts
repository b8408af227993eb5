/** What the proof prints: JSON lines on stdout for programs, plain lines on stderr for people. */
import type { Skipped } from "../platform/hops/hop.ts";
import type { Enforcement } from "./enforcement.ts";
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
 * end. `policies` is there only where policies are meant to hold, `warnings` only when something could not be removed.
 */
export function proofJson(run: string, result: ProofResult, policies?: Enforcement): string {
  const { failedHop, ms, warnings } = result;
  return JSON.stringify({
    proof: result.ok ? "ok" : "failed",
    run,
    ...(failedHop === undefined ? {} : { failedHop }),
    hops: result.hops.map(({ hop }) => hop),
    ms,
    ...(policies === undefined ? {} : { policies }),
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

/** The verdict as lines for people; the last one says so where the network does not do as its policies say. */
export function proofLines(
  run: string,
  result: ProofResult,
  skipped: readonly Skipped[] = [],
  policies?: Enforcement,
): string[] {
  const seconds = (result.ms / 1000).toFixed(1);
  const verdict =
    result.failedHop === undefined
      ? `proof ok: ${result.hops.length} hops in ${seconds} s, ${skipped.length} skipped (run ${run})`
      : `proof FAILED at hop ${result.failedHop} after ${seconds} s (run ${run})`;
  const open = openWords(policies);
  return [...result.warnings.map((warning) => `warning: ${warning}`), verdict, ...(open === undefined ? [] : [open])];
}

/** Why pods may do more than the policies say; `undefined`: they may not, or there are no policies. */
export function openWords(policies: Enforcement | null | undefined): string | undefined {
  if (policies === "not enforced") {
    return "policies are not enforced here: the proof has reached a server that they close to it";
  }
  if (policies === "unknown") return "whether policies are enforced here is not known: the server to try was not found";
  return undefined;
}
