import { stripVTControlCharacters } from "node:util";

/** An error that is the user's to solve: its message says what is wrong, what is allowed and the way out. No stack is shown. */
export class UserError extends Error {
  override readonly name = "UserError";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An error with what caused it, in one text without colours. */
export function causesOf(error: unknown): string {
  const words = messageOf(error);
  const cause = error instanceof Error ? error.cause : undefined;
  return stripVTControlCharacters(cause === undefined ? words : `${words}: ${causesOf(cause)}`);
}

/** Writes the causes of a failed run to stderr, each once and without colours; they are the last thing printed. */
export function reportErrors(errors: readonly string[]): void {
  for (const error of new Set(errors)) process.stderr.write(`error: ${stripVTControlCharacters(error)}\n`);
}

/** Errors that are bugs of ours: their stack is what helps. */
const bugs = [TypeError, RangeError, ReferenceError, SyntaxError];

/**
 * What to print for an error: its message, with the stack when it is a bug of ours. The cause comes last, where a person
 * looks first.
 */
export function renderError(error: unknown): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  const lines: string[] = [];
  let current: unknown = error;
  while (current instanceof Error) {
    lines.push(`${lines.length === 0 ? "error" : "caused by"}: ${current.message}`);
    if (bugs.some((kind) => current instanceof kind)) {
      lines.push(
        ...(current.stack ?? "")
          .split("\n")
          .filter((line) => line.startsWith("    at "))
          .slice(0, 5),
      );
    }
    current = current.cause;
  }
  return lines.join("\n");
}
