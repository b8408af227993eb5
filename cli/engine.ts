/** The two engines behind one face: the official CLI when it is on the PATH, else the local engine. */
import type { EngineOptions, EngineResult } from "../engine/types.ts";
import { UserError } from "./errors.ts";
import { which } from "./exec.ts";
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

/**
 * Chooses the engine: the forced one, else `pulumi` if it is on the PATH, else the local one.
 * @throws UserError when `pulumi` is forced and not there.
 */
export async function chooseEngine(forced: EngineName | undefined, path?: string): Promise<Engine> {
  const cli = which("pulumi", path);
  if (forced === "pulumi" && cli === undefined) {
    throw new UserError(
      "--engine pulumi: there is no pulumi on the PATH; install the Pulumi CLI, or leave --engine out to use the local engine",
    );
  }
  if (cli !== undefined && forced !== "local") {
    const { pulumiEngine } = await import("./pulumi-cli.ts");
    return pulumiEngine(cli, forced === "pulumi" ? "as --engine says" : "it is on the PATH");
  }
  const local = await import("../engine/index.ts");
  return {
    name: "local",
    description: `local engine (${forced === "local" ? "as --engine says" : "no pulumi on the PATH"})`,
    preview: local.preview,
    up: local.up,
    destroy: local.destroy,
    outputs: local.stackOutputs,
    recorded: local.recordedInputs,
  };
}
