/** Which of the two engines runs the program: the official CLI when it is on the PATH, else the local engine. */
import type { Engine } from "./engine.ts";
import { UserError } from "./errors.ts";
import { which } from "../platform/exec.ts";
import type { EngineName } from "./options.ts";

/**
 * Chooses the engine: the forced one, else `pulumi` if it is on the PATH, else the local one.
 * @throws UserError when `pulumi` is forced and not there.
 */
export async function chooseEngine(forced: EngineName | undefined, path?: string): Promise<Engine> {
  const cli = which("pulumi", path);
  if (forced === "pulumi" && cli === undefined) {
    throw new UserError(
      "--engine pulumi: pulumi is not on the PATH; install the Pulumi CLI, or leave --engine out to use the local engine",
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
