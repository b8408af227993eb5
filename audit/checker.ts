import type { Severity } from "./findings.ts";

/** What a checker has said of a folder of manifests. */
export interface Checked {
  readonly version: string;
  /** Checks that passed. */
  readonly passed: number;
  readonly failed: readonly {
    readonly rule: string;
    readonly title: string;
    /** Where the checker has severities of its own. @default - that of the rule's row in `severities.ts` */
    readonly severity?: Severity;
    /** The manifest, relative to the folder. */
    readonly file: string;
  }[];
}
