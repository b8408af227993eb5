/** Runs the host's ordinary clients (mvn, pip, npm, cargo, docker) and keeps the end of what they say for errors. */
import { run as runToEnd } from "../exec.ts";

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of output. */
  readonly onLine?: (line: string) => void;
  /** Ends the command when aborted. */
  readonly signal?: AbortSignal;
}

/** What a finished command printed on stdout. */
export type Output = string;

const KEPT_LINES = 15;

/**
 * Runs a command to its end.
 * @throws Error with the command and its last lines when it fails; with the way out when it is not installed.
 */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Output> {
  const { cwd, env, onLine, signal } = options;
  const tail: string[] = [];
  const keep = (line: string): void => {
    if (line.trim() === "") return;
    tail.push(line);
    if (tail.length > KEPT_LINES) tail.shift();
    onLine?.(line);
  };
  const { code, endedBy, startError, stdout } = await runToEnd(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    signal,
    abortedBy: "SIGTERM",
    // What shows progress in place ends its lines by a carriage return.
    lineEnd: /[\n\r]/,
    onStdout: keep,
    onStderr: keep,
  });
  if (signal?.aborted === true) throw new DOMException("The operation was aborted", "AbortError");
  if (code === 0) return stdout;
  if (startError?.code === "ENOENT") {
    throw new Error(`"${command}" is not installed on this machine, and it is needed to prepare the images`);
  }
  if (startError !== undefined) throw startError;
  const how = endedBy === undefined ? `exit code ${code}` : `signal ${endedBy}`;
  throw new Error(`${command} ${args.slice(0, 4).join(" ")} ended with ${how}:\n  ${tail.join("\n  ")}`);
}
