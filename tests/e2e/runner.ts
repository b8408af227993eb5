/** Runs named assertions one after the other, each within its own time, and counts them. */
import { messageOf } from "../../cli/errors.ts";
import { run, type Ran } from "../../platform/exec.ts";
import { projectDir } from "../../cli/paths.ts";
import { duration } from "../../cli/table.ts";

export class Runner {
  passed = 0;
  /** Each failed assertion with its cause, for the end of a long log. */
  readonly failures: string[] = [];

  get failed(): number {
    return this.failures.length;
  }

  /** Counts something that does not hold, without running anything. */
  fail(name: string, words: string): void {
    const failure = `✗ ${name}: ${words}`;
    this.failures.push(failure);
    console.log(failure);
  }

  /** Runs one part: what it throws outside of its steps is a failure that bears its name, and ends only the part. */
  async part(name: string, body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      this.fail(`part ${name}`, messageOf(error));
    }
  }

  /** The end of the log: each failure with its cause, and the counts. */
  get ending(): string {
    return [...this.failures, `${this.passed} passed, ${this.failed} failed`].join("\n");
  }

  /** Counts what another program has run. */
  add(passed: number, failures: readonly string[]): void {
    this.passed += passed;
    this.failures.push(...failures);
  }

  /** Runs one assertion; answers whether it held. `limitMs` bounds it. */
  async step(name: string, limitMs: number, body: () => Promise<string | undefined>): Promise<boolean> {
    const started = Date.now();
    console.log(`> ${name}`);
    let timer: NodeJS.Timeout | undefined;
    try {
      const note = await Promise.race([
        body(),
        new Promise<never>((_, reject) => {
          timer = setTimeout(() => {
            reject(new Error(`took longer than ${duration(limitMs)}`));
          }, limitMs);
        }),
      ]);
      this.passed++;
      console.log(`✓ ${name} (${duration(Date.now() - started)})${note === undefined ? "" : `: ${note}`}`);
      return true;
    } catch (error) {
      const failure = `✗ ${name} (${duration(Date.now() - started)}): ${messageOf(error)}`;
      this.failures.push(failure);
      console.log(failure);
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Fails the step unless `condition` holds. */
export function must(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Runs a command of the CLI as a user does; its progress is shown, its end is answered. */
export async function millrace(args: readonly string[], timeoutMs: number): Promise<Ran> {
  return await run("sh", ["cli/millrace", ...args], {
    cwd: projectDir,
    timeoutMs,
    onStderr: (line) => {
      console.log(`    ${line}`);
    },
  });
}

/** The one JSON document of a command that was given `--json`. */
export function document(ran: Ran): unknown {
  try {
    return JSON.parse(ran.stdout) as unknown;
  } catch {
    throw new Error(`exit code ${ran.code} and no JSON on stdout: ${ran.stdout.slice(0, 300)}`);
  }
}

/** Asks until the answer is there. */
export async function until<T>(what: string, limitMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  const limit = Date.now() + limitMs;
  let last = "";
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = `; last: ${messageOf(error)}`;
    }
    if (Date.now() > limit) throw new Error(`${what}: not within ${duration(limitMs)}${last}`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
