/** Errors of the clients, in words, and told apart: refused keys are not worth a second try. */
import { setTimeout as sleep } from "node:timers/promises";
import { HopFailure } from "./hop.ts";

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

/** What the system's codes mean for the one who asked. */
const meanings: readonly (readonly [code: string, meaning: string])[] = [
  ["ECONNREFUSED", "nothing runs there"],
  ["ENOTFOUND", "there is no such host"],
  ["EHOSTUNREACH", "there is no way to that host"],
  ["ETIMEDOUT", "it does not answer"],
];

/** One line that says what went wrong, with the causes of wrapped errors. */
export function describeError(error: unknown): string {
  const words = wordsOf(error);
  const meaning = meanings.find(([code]) => words.includes(code))?.[1];
  return meaning === undefined || words.includes(meaning) ? words : `${words} (${meaning})`;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner =
    error instanceof AggregateError && error.errors.length > 0 ? wordsOf(error.errors[0]) : describeCause(error);
  // The code of an aborted request is a number without meaning to people.
  const code = error.name === "AbortError" ? undefined : field(error, "code");
  const own = error.message === "" ? (code ?? error.name) : error.message;
  const withCode = code === undefined || own.includes(code) ? own : `${code}: ${own}`;
  return inner === "" || withCode.includes(inner) ? withCode : `${withCode}: ${inner}`;
}

function describeCause(error: Error): string {
  return error.cause === undefined ? "" : wordsOf(error.cause);
}

function field(error: unknown, name: string): string | undefined {
  if (typeof error !== "object" || error === null || !(name in error)) return undefined;
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
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
