/** An error that is the user's to solve: its message says what is wrong, what is allowed and the way out. No stack is shown. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** Ends a command with exit code 1 after everything has been said; nothing more is printed. */
export class AlreadyReported extends Error {
  override readonly name = "AlreadyReported";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Names of error classes, of this project's parts, whose message is written for the user and needs no stack. */
const plain = new Set([
  "UserError",
  "ConfigError",
  "EngineError",
  "DockerError",
  "ClusterError",
  "ImageError",
  "SourceError",
]);

/**
 * What to print for an error: the message alone when it was written for the user, with the stack when it is a bug of
 * ours. The cause comes last, where a person looks first.
 */
export function renderError(error: unknown): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  const lines: string[] = [];
  let current: unknown = error;
  while (current instanceof Error) {
    const userFacing = plain.has(current.name) || current.constructor.name !== "Error";
    lines.push(lines.length === 0 ? `error: ${current.message}` : `caused by: ${current.message}`);
    if (!userFacing && current.cause === undefined && current.stack !== undefined) {
      lines.push(...current.stack.split("\n").slice(1, 6));
    }
    current = current.cause;
  }
  return lines.join("\n");
}
