/** Errors of the clients, in words, and told apart: refused keys are not worth a second try. */
import { setTimeout as sleep } from "node:timers/promises";
import { describeError, field } from "../workloads/describe-error.ts";
import { HopFailure } from "./hop.ts";

export { describeError };

const refusals = new Set([
  "AccessDenied",
  "Forbidden",
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
  "AuthorizationHeaderMalformed",
  "InvalidToken",
  "ExpiredToken",
]);

/** @returns whether the server understood the request and refused the one who asked */
export function isRefusal(error: unknown): boolean {
  const code = field(error, "code");
  return (code !== undefined && refusals.has(code)) || /\b(401|403)\b/.test(field(error, "statusCode") ?? "");
}

export interface PollOptions {
  readonly signal: AbortSignal;
  /** @default 500 */
  readonly pauseMs?: number;
}

/**
 * Looks again and again until `look` gives a result. Errors are taken for outages and tried again, except refusals and
 * {@link HopFailure}s, which end it at once.
 * @param look - gives the result, or in words what is still missing
 * @throws {HopFailure} when the time is over, with what was missing last
 */
export async function poll<T extends object>(look: () => Promise<T | string>, options: PollOptions): Promise<T> {
  const isOver = (): boolean => options.signal.aborted;
  const started = performance.now();
  let missing = "nothing was seen";
  while (!isOver()) {
    try {
      const result = await look();
      if (typeof result !== "string") return result;
      missing = result;
    } catch (error) {
      if (isRefusal(error) || error instanceof HopFailure) throw error;
      if (!isOver() || missing === "nothing was seen") missing = describeError(error);
    }
    await sleep(options.pauseMs ?? 500, undefined, { signal: options.signal }).catch(() => undefined);
  }
  throw new HopFailure(`after ${Math.round((performance.now() - started) / 1000)} s: ${missing}`);
}
