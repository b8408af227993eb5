import type { OptionSpecs, OptionValues } from "./options.ts";

/** One command of the CLI. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  readonly options: OptionSpecs;
  /** Arguments go to `run` unread, for commands that have their own command line. */
  readonly passThrough?: boolean;
  /** Does the work and answers the exit code. */
  run(values: OptionValues, args: readonly string[]): Promise<number>;
}
