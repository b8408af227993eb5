/** What a measurement is to the command line. */
import type { OptionSpecs, OptionValues } from "../cli/options.ts";
import type { Profile } from "../config/profiles.ts";
import type { BenchResult } from "./settings.ts";
import type { Trial } from "./trial.ts";

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
   * @throws UserError on values that are not allowed
   */
  readonly run: (values: OptionValues, log: (line: string) => void) => Promise<BenchResult>;
  /** Set of services that `--against` brings up for it unless `--profile` names one. @default core */
  readonly profile?: Profile;
  /**
   * Measures on a platform that was made for it, for `--against`. @default - it can't be compared
   * @param trial - not up yet
   */
  readonly onTrial?: (values: OptionValues, trial: Trial, log: (line: string) => void) => Promise<BenchResult>;
}
