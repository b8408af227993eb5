/** What a measurement is to the command line. */
import type { OptionSpecs, OptionValues } from "../cli/options.ts";
import type { BenchResult } from "./settings.ts";

/** A measurement that `npm run bench -- --only <name>` runs. */
export interface Bench {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** Options of its own; `--only`, `--json` and `--help` are everybody's. */
  readonly options: OptionSpecs;
  /** Why it can't run now, in words. It is asked only when no `--only` names it; a bench without it runs when it is named. */
  readonly absent?: (values: OptionValues) => Promise<string | undefined>;
  /**
   * Measures.
   * @param log - for people, as it goes on
   * @param folder - of the clone whose platform it is; default: this one
   * @throws UserError on values that are not allowed
   */
  readonly run: (values: OptionValues, log: (line: string) => void, folder?: string) => Promise<BenchResult>;
}
