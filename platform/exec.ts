/** Child processes, with their output kept or passed on line by line. */
import { spawn } from "node:child_process";
import { accessSync, constants as access } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";

export interface Ran {
  /** Exit code; 127 when the program is not there, 128+n when a signal ended it. */
  readonly code: number;
  /** The signal that ended it. @default - none did */
  readonly endedBy?: NodeJS.Signals;
  /** Why it could not be started. @default - it was */
  readonly startError?: NodeJS.ErrnoException;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called for each whole line of stdout. */
  readonly onStdout?: (line: string) => void;
  /** Called for each whole line of stderr. */
  readonly onStderr?: (line: string) => void;
  /** Milliseconds after which the child gets SIGTERM. @default - none */
  readonly timeoutMs?: number;
  /** On abort the child gets `abortedBy`. */
  readonly signal?: AbortSignal | undefined;
  /** @default SIGINT */
  readonly abortedBy?: NodeJS.Signals;
  /** What ends a line. @default "\n" */
  readonly lineEnd?: string | RegExp;
  readonly input?: string;
  /** Keeps the terminal's Ctrl-C from the child: only `signal` and `timeoutMs` end it. @default false */
  readonly ownGroup?: boolean;
}

/** Splits a stream of chunks into lines; `end` gives the unfinished last one. */
export function lineSplitter(
  onLine: (line: string) => void,
  lineEnd: string | RegExp = "\n",
): { push(chunk: string): void; end(): void } {
  let rest = "";
  return {
    push(chunk) {
      const parts = (rest + chunk).split(lineEnd);
      rest = parts.pop() ?? "";
      for (const part of parts) onLine(part);
    },
    end() {
      if (rest !== "") onLine(rest);
      rest = "";
    },
  };
}

/** Runs a program to its end. Never throws: a failure is a code. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const started = performance.now();
  return await new Promise<Ran>((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      detached: options.ownGroup === true,
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    const out = lineSplitter((line) => options.onStdout?.(line), options.lineEnd);
    const err = lineSplitter((line) => options.onStderr?.(line), options.lineEnd);
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
      out.push(chunk);
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
      err.push(chunk);
    });
    // A child that ends without reading says why by its exit code.
    child.stdin?.on("error", () => undefined);
    if (options.input !== undefined) child.stdin?.end(options.input);
    const timer =
      options.timeoutMs === undefined ? undefined : setTimeout(() => child.kill("SIGTERM"), options.timeoutMs);
    const abort = (): void => {
      child.kill(options.abortedBy ?? "SIGINT");
    };
    if (options.signal?.aborted === true) abort();
    options.signal?.addEventListener("abort", abort, { once: true });
    const finish = (code: number, more: Pick<Ran, "endedBy" | "startError">): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
      out.end();
      err.end();
      resolve({ code, stdout, stderr, ms: performance.now() - started, ...more });
    };
    child.on("error", (error) => {
      stderr += error.message;
      finish(127, { startError: error });
    });
    child.on("close", (code, signal) => {
      if (signal === null) finish(code ?? 1, {});
      else finish(128 + constants.signals[signal], { endedBy: signal });
    });
  });
}

/** Path of a program on the PATH, `undefined` when there is none. */
export function which(program: string, path = process.env["PATH"] ?? ""): string | undefined {
  for (const folder of path.split(delimiter)) {
    if (folder === "") continue;
    const candidate = join(folder, program);
    try {
      accessSync(candidate, access.X_OK);
      return candidate;
    } catch {
      continue;
    }
  }
  return undefined;
}
