/** What the program asks before it makes anything, whichever engine runs it. */
import * as pulumi from "@pulumi/pulumi";
import { livePlatform } from "./clusters/claims.ts";
import type { TargetProfile } from "./clusters/profile.ts";
import { decidingComponents, settled } from "./config/claim-program.ts";
import type { PlatformConfig } from "./config/index.ts";
import { keptClaims, refusal, transitionProblems } from "./config/transitions.ts";
import { recordedState } from "./engine/recorded.ts";
import { ensureStackId, readStackId } from "./engine/stack-id.ts";
import { componentTypes } from "./platform/names.ts";

/** What the program goes on with. */
export interface Guarded {
  /** With each choice that it leaves to the data of the platform that runs. */
  readonly config: PlatformConfig;
  /** The stack's id; `undefined` in a preview before the first `up`, and where no engine runs the program. */
  readonly stackId: string | undefined;
}

/**
 * Refuses what would lose data of the platform that runs, and says which claims stay without a service. A cluster that
 * does not answer has nothing to say.
 * @param folder Folder of the project, with its state.
 * @throws RunError with all problems.
 */
export async function guard(
  config: PlatformConfig,
  target: TargetProfile,
  folder = import.meta.dirname,
): Promise<Guarded> {
  // Specs run the program without an engine, and there is no stack then.
  if (pulumi.runtime.getEngine() === undefined) return { config, stackId: undefined };
  const isPreview = pulumi.runtime.isDryRun();
  const stack = [folder, pulumi.getProject(), pulumi.getStack()] as const;
  const state = recordedState(...stack);
  const stackId = (isPreview ? readStackId : ensureStackId)(...stack);
  const live = await livePlatform(target, {
    namespaces: [config.cluster.namespace],
    ...(stackId === undefined ? {} : { stackId }),
  });
  const isElsewhere = (process.env["PULUMI_BACKEND_URL"] ?? "") !== "";
  const found = settled(config, {
    live,
    recorded: Object.fromEntries(
      decidingComponents(config, live).map((component) => [component, state.inputs(componentTypes(component))]),
    ),
    mayHaveMore: live === undefined && !isPreview && (state.hasResources || isElsewhere),
  });
  const transition = live && { live, config: found.config, storageClass: target.storageClass };
  const problems = transition === undefined ? [] : transitionProblems(transition);
  if (problems.length + found.problems.length > 0) throw new pulumi.RunError(refusal(problems, found.problems));
  for (const line of transition === undefined ? [] : keptClaims(transition)) void pulumi.log.info(line);
  return { config: found.config, stackId };
}
