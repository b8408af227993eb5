/** Runs the host's ordinary clients (mvn, pip, npm, cargo, docker) and keeps the end of what they say for errors. */
import { spawn } from "node:child_process";

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
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const tail: string[] = [];
    const chunks: Buffer[] = [];
    const follow = (stream: NodeJS.ReadableStream): void => {
      let rest = "";
      stream.on("data", (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split(/[\n\r]/);
        rest = lines.pop() ?? "";
        for (const line of lines) {
          if (line.trim() === "") continue;
          tail.push(line);
          if (tail.length > KEPT_LINES) tail.shift();
          options.onLine?.(line);
        }
      });
    };
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    follow(child.stdout);
    follow(child.stderr);
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "ENOENT"
          ? new Error(`"${command}" is not installed on this machine, and it is needed to prepare the images`)
          : error,
      );
    });
    child.on("close", (code, signal) => {
      if (code === 0) {
        resolve(Buffer.concat(chunks).toString());
        return;
      }
      const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
      reject(new Error(`${command} ${args.slice(0, 4).join(" ")} ended with ${how}:\n  ${tail.join("\n  ")}`));
    });
  });
}
