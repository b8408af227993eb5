/** Asks before something goes for good. */
import { createInterface } from "node:readline/promises";

import { UserError } from "./errors.ts";

export interface Asking {
  /** `--yes`: the answer was given with the command. */
  readonly yes: boolean;
  /** How the command is given again with the answer in it. */
  readonly again: string;
}

/** Where a question goes and an answer comes from. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/**
 * Says what would happen, and goes on only when that is wanted.
 * @param what Lines that say what goes.
 * @throws UserError when the answer is no, or when nobody can be asked and `--yes` was not given.
 */
export async function confirm(
  what: readonly string[],
  { yes, again }: Asking,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (yes) {
    output.write(`${what.join("\n")}\n`);
    return;
  }
  if (input.isTTY !== true || output.isTTY !== true) {
    throw new UserError(
      `${what.join("\n")}\nThere is no terminal to ask on, so nothing was changed. To do it anyway: ${again}`,
    );
  }
  output.write(`${what.join("\n")}\n`);
  const lines = createInterface({ input, output });
  // Ctrl-C and the end of the input close it without an answer; one that came just before counts.
  const closed = new Promise<string>((resolve) => lines.once("close", () => setImmediate(resolve, "")));
  const answer = await Promise.race([lines.question("Go on? [y/N] ").catch(() => ""), closed]);
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new UserError("not confirmed; nothing was changed");
}
