/** What a checker has said of a folder of manifests. */
export interface Checked {
  readonly version: string;
  /** Checks that passed. */
  readonly passed: number;
  readonly failed: readonly {
    readonly rule: string;
    readonly title: string;
    /** The manifest, relative to the folder. */
    readonly file: string;
  }[];
}
