/** The platform that is measured. */
import { join } from "node:path";
import { chooseEngine } from "../cli/choose-engine.ts";
import { connect, type Kube } from "../cli/kube.ts";
import { type OptionSpecs, type OptionValues, stackArgs, stackOptions } from "../cli/options.ts";
import { projectDir } from "../cli/paths.ts";
import { readStack, readStackAsBefore, type Stack } from "../cli/stack.ts";

/** Which platform: that of a stack. */
export const siteOptions = {
  stack: stackOptions.stack,
  target: stackOptions.target,
  profile: { ...stackOptions.profile, help: "set of services that runs (default: that of the last up)" },
} as const satisfies OptionSpecs;

export interface Site {
  readonly stack: Stack;
  readonly kube: Kube;
  /** The embedded cluster's container; `undefined` on other targets. */
  readonly container: string | undefined;
}

/**
 * The platform of the stack that the options name.
 * @param folder - of the clone that it was brought up from
 * @throws UserError when it is not there
 */
export async function siteOf(values: OptionValues, folder = projectDir): Promise<Site> {
  const args = stackArgs(values);
  const stack =
    args.profile === undefined && folder === projectDir
      ? (await readStackAsBefore(args, await chooseEngine(undefined))).stack
      : readStack(args, folder);
  const { kubeconfig, target, context } = stack.profile;
  const isEmbedded = target === "embedded";
  const profile = { target, context, ...(kubeconfig === undefined ? {} : { kubeconfig }) };
  if (isEmbedded && kubeconfig !== undefined) profile.kubeconfig = join(folder, kubeconfig);
  return { stack, kube: connect(profile), container: isEmbedded ? stack.config.cluster.embedded.name : undefined };
}
