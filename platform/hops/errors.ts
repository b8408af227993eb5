/** Errors of the clients, in words, and told apart: refused keys are not worth a second try. */
import { setTimeout as sleep } from "node:timers/promises";
import { describeError, field } from "../describe-error.ts";
import { HopFailure, HopSkipped } from "./hop.ts";
import { limitWords, pauseMs as longestPauseMs, refusedMs } from "./limits.ts";

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

/** @returns whether nothing listens at the address; a host without a name or an answer that is late is something else */
export function isConnectionRefused(error: unknown): boolean {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isConnectionRefused);
  if (field(error, "code") === "ECONNREFUSED") return true;
  return error instanceof Error && error.cause !== undefined && isConnectionRefused(error.cause);
}

export interface PollOptions {
  readonly signal: AbortSignal;
  /** How long every connection may be refused without a break, in ms: whoever waits wants the cause. @default `refusedMs` */
  readonly refusedMs?: number;
  /** Longest pause between two looks, in ms. @default `pauseMs` of the limits */
  readonly pauseMs?: number | undefined;
  /** @default - waits so many ms, at most until the signal */
  readonly pause?: (ms: number) => Promise<void>;
  /** Told what is missing, each time that an answer says so in other words than the one before. @default - nobody is */
  readonly onProgress?: (words: string) => void;
}

/** Pause after the first look, in ms; each later one is twice as long, until an answer in other words begins anew. */
const firstPauseMs = 100;

/**
 * Looks again and again, less often where nothing changes, until `look` gives a result. Errors are taken for outages and tried again, except refusals,
 * {@link HopFailure}s and {@link HopSkipped}s, which end it at once, and a service that refuses connections for too long.
 * @param look - gives the result, or in words what is still missing
 * @throws {HopFailure} when the time is over or nothing runs there, with what was missing last
 */
export async function poll<T extends object>(look: () => Promise<T | string>, options: PollOptions): Promise<T> {
  const isOver = (): boolean => options.signal.aborted;
  const wait = async (ms: number): Promise<void> => {
    await sleep(ms, undefined, { signal: options.signal }).catch(() => undefined);
  };
  const pause = options.pause ?? wait;
  const started = performance.now();
  let missing = "nothing was seen";
  let refusedSince: number | undefined;
  let pauseMs = firstPauseMs;
  while (!isOver()) {
    try {
      const result = await look();
      if (typeof result !== "string") return result;
      if (result !== missing) {
        options.onProgress?.(result);
        pauseMs = firstPauseMs;
      }
      missing = result;
      refusedSince = undefined;
    } catch (error) {
      if (isRefusal(error) || error instanceof HopFailure || error instanceof HopSkipped) throw error;
      if (!isOver() || missing === "nothing was seen") missing = describeError(error);
      refusedSince = isConnectionRefused(error) ? (refusedSince ?? performance.now()) : undefined;
    }
    if (refusedSince !== undefined && performance.now() - refusedSince >= (options.refusedMs ?? refusedMs)) break;
    await pause(Math.min(pauseMs, options.pauseMs ?? longestPauseMs));
    pauseMs *= 2;
  }
  const why = limitWords(options.signal) ?? `after ${Math.round((performance.now() - started) / 1000)} s`;
  throw new HopFailure(`${why}: ${missing}`);
}

/**
 * Asks for what an early hop need not wait for. What goes wrong before the others have passed may be their fault: it is
 * asked again once they have.
 */
export async function askEarly<T>(ask: () => Promise<T>, needed: Promise<void>): Promise<T> {
  const state = { isNeeded: false };
  const begun = needed.then(() => {
    state.isNeeded = true;
  });
  begun.catch(() => undefined);
  try {
    return await ask();
  } catch (error) {
    if (state.isNeeded) throw error;
    await begun;
    return await ask();
  }
}

/** Ends a program in one line. A client may hold a connection after an answer that it did not read, so nothing is waited for. */
export function endInFailure(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
