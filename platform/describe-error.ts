/** Errors of clients in words. */

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

/** A text or number that an error carries beside its message, such as `code`. */
export function field(error: unknown, name: string): string | undefined {
  if (typeof error !== "object" || error === null || !(name in error)) return undefined;
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
