/** The platform that is measured. */
import { chooseEngine } from "../cli/choose-engine.ts";
import { connect, type Kube } from "../cli/kube.ts";
import { type OptionSpecs, type OptionValues, stackArgs, stackOptions } from "../cli/options.ts";
import { projectName } from "../cli/owner.ts";
import { projectDir } from "../cli/paths.ts";
import { readStackAsBefore } from "../cli/stack.ts";
import { statePaths } from "../engine/state.ts";

/** Which platform: that of a stack. */
export const siteOptions = {
  stack: stackOptions.stack,
  target: stackOptions.target,
} as const satisfies OptionSpecs;

export interface Site {
  readonly kube: Kube;
  /** The embedded cluster's container; `undefined` on other targets. */
  readonly container: string | undefined;
  /** Set of services that runs. */
  readonly profile: string;
  /** The stack's state, which each change of the platform writes. */
  readonly stateFile: string;
}

/** The state of a stack of a clone. */
export const stateFileOf = (stack: string, folder = projectDir): string =>
  statePaths(folder, projectName(folder), stack).checkpoint;

/**
 * The platform of the stack that the options name.
 * @throws UserError when it is not there
 */
export async function siteOf(values: OptionValues): Promise<Site> {
  const args = stackArgs(values);
  const { stack } = await readStackAsBefore(args, await chooseEngine(undefined));
  const { name, config, profile } = stack;
  return {
    kube: connect(profile),
    container: profile.target === "embedded" ? config.cluster.embedded.name : undefined,
    profile: config.profile,
    stateFile: stateFileOf(name),
  };
}
