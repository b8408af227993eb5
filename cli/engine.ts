/** What the commands ask of an engine, be it the official CLI or the local one. */
import type { EngineOptions, EngineResult } from "../engine/types.ts";
import type { EngineName } from "./options.ts";

export interface Engine {
  readonly name: EngineName;
  /** What to tell the user: which engine, and why this one. */
  readonly description: string;
  preview(options: EngineOptions): Promise<EngineResult>;
  up(options: EngineOptions): Promise<EngineResult>;
  /** `clusterGone`: the cluster does not exist any more, so that forgetting its objects is all there is to do. */
  destroy(options: EngineOptions & { readonly clusterGone?: boolean }): Promise<EngineResult>;
  /**
   * Recorded inputs of the first resource of a type, secrets masked; `undefined` when there is none.
   * @throws Error when the state can't be read.
   */
  recorded(
    options: Pick<EngineOptions, "projectDir" | "stack" | "passphrase">,
    type: string,
  ): Promise<Record<string, unknown> | undefined>;
  /** Outputs of the last `up`, empty when there was none; secrets masked as "[secret]". */
  outputs(options: Pick<EngineOptions, "projectDir" | "stack" | "passphrase">): Promise<Record<string, unknown>>;
}
