/** What a caller gives the local engine, and what it reports while it works. */

export type Operation = "create" | "update" | "replace" | "delete" | "same" | "read";

export interface EngineOptions {
  /** Folder of Pulumi.yaml. */
  readonly projectDir: string;
  readonly stack: string;
  /** Passphrase of the stack's secrets. */
  readonly passphrase: string;
  /** Config values (`namespace:key` to text) that overlay those of `Pulumi.<stack>.yaml`, for this run only. */
  readonly configOverrides?: Readonly<Record<string, string>>;
  /** Folders of policy packs that the run must pass. @default - none */
  readonly policyPacks?: readonly string[];
  /** Most resources worked on at once. @default 8 */
  readonly parallel?: number;
  /** Called for every event, in order. */
  readonly onEvent?: (event: EngineEvent) => void;
  /** Abort ends the run after the steps under way; the state stays valid. */
  readonly signal?: AbortSignal;
  /** Extra environment of the program. */
  readonly env?: Readonly<Record<string, string>>;
}

export type EngineEvent =
  /** One resource's step. `status: "progress"` carries what it waits for right now. */
  | {
      readonly kind: "resource";
      readonly op: Operation;
      readonly urn: string;
      readonly type: string;
      readonly name: string;
      readonly status: "start" | "progress" | "done" | "failed";
      /** URNs of what it waited for before it began. @default - not known */
      readonly dependencies?: readonly string[];
      readonly message?: string;
      readonly elapsedMs?: number;
      /** Property paths that differ, for update and replace. */
      readonly diff?: readonly string[];
      /** Inputs with secrets masked as "[secret]"; on "done" of preview steps, so that a preview can show every object. */
      readonly inputs?: Readonly<Record<string, unknown>>;
    }
  /** A line of the program or the engine. */
  | {
      readonly kind: "diagnostic";
      readonly severity: "debug" | "info" | "warning" | "error";
      readonly message: string;
      readonly urn?: string;
    }
  /** A violated policy. */
  | {
      readonly kind: "policy";
      readonly pack: string;
      readonly policy: string;
      readonly level: "advisory" | "mandatory";
      readonly message: string;
      readonly urn?: string;
    };

export interface EngineResult {
  /** `false` when a step, the program or a mandatory policy failed. */
  readonly ok: boolean;
  /** Steps by kind; components are counted like resources. */
  readonly changes: Readonly<Record<Operation, number>>;
  readonly durationMs: number;
  /** Stack outputs; secret ones are masked as "[secret]" unless asked for. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** One line per cause, in the user's words; empty when ok. */
  readonly errors: readonly string[];
}
