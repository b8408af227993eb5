/** What the engine asks of a provider. Inputs reach it without secret envelopes. */

import type { Props } from "./values.ts";

export interface StepContext {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly inputs: Props;
  /** Most seconds to wait for readiness; `undefined`: the provider's own default. */
  readonly timeoutSeconds?: number;
  /** Aborts waiting, not a request under way. */
  readonly signal: AbortSignal;
  /** Says what is being done or waited for right now. */
  readonly progress: (message: string) => void;
  /** To be called when all that is left is to wait: the step then counts no more among those worked on at once. */
  readonly onlyWaiting?: () => void;
}

export interface Diff {
  /** Paths that differ; empty means no change. */
  readonly paths: readonly string[];
  /** The paths that need a new resource. */
  readonly replaces: readonly string[];
  /** Whether old and new can't exist side by side. */
  readonly deleteBeforeReplace: boolean;
}

export interface Made {
  readonly id: string;
  readonly outputs: Props;
  /** What is recorded of the inputs beside those that were given. @default - nothing */
  readonly noted?: Props;
}

/** The part of a recorded resource that a provider needs. */
export interface Recorded {
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  readonly inputs: Props;
  readonly outputs: Props;
}

/** What was changed behind the engine's back. */
export interface Survey {
  /** URNs of resources that no longer exist. */
  readonly gone: ReadonlySet<string>;
  /** By URN, the paths of the inputs that have other values now. */
  readonly drifted: ReadonlyMap<string, readonly string[]>;
  /** URNs of resources that ended in failure and never go on by themselves. */
  readonly failed: ReadonlySet<string>;
}

export interface Provider {
  /** Problems of the inputs, in the user's words. */
  check?(context: StepContext): readonly string[];
  /** The inputs, secrets in their envelopes, as the official provider's Check gives them back: that is what is recorded. */
  checked?(type: string, inputs: Props): Props | Promise<Props>;
  /** `failed`: the recorded resource ended in failure. */
  diff(type: string, last: Props, next: Props, failed: boolean): Diff;
  create(context: StepContext): Promise<Made>;
  update(context: StepContext, recorded: Recorded): Promise<Made>;
  delete(context: StepContext, recorded: Recorded): Promise<void>;
  read?(type: string, id: string): Promise<Made>;
  /** The object that an interrupted create has made of these inputs; `undefined` when there is none, or another's. */
  found?(type: string, inputs: Props): Promise<Made | undefined>;
  /** What became of the recorded resources since the last run. Asked once per run. */
  survey?(recorded: readonly Recorded[]): Promise<Survey>;
  /**
   * Called once before the first step of a run that changes something, with the UID of the cluster that it was on; answers
   * that of the present one, and throws when the run must not go on.
   */
  guard?(knownUid: string | undefined): Promise<string | undefined>;
  close?(): void;
}

/** Nobody answered: whether the request was carried out is not known. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}

/** The resource exists, but is not ready: it is recorded, and the next run waits for it again. */
export class NotReadyError extends Error {
  readonly made: Made;

  constructor(message: string, made: Made) {
    super(message);
    this.name = "NotReadyError";
    this.made = made;
  }
}
