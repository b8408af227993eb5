/** What the program asks before it makes anything, whichever engine runs it. */
import * as pulumi from "@pulumi/pulumi";
import { livePlatform } from "./clusters/claims.ts";
import type { TargetProfile } from "./clusters/profile.ts";
import type { PlatformConfig } from "./config/index.ts";
import { keptClaims, refusal, transitionProblems } from "./config/transitions.ts";
import { ensureStackId, readStackId } from "./engine/stack-id.ts";

/**
 * Refuses what would lose data of the platform that runs, and says which claims stay without a service. A cluster that
 * does not answer has nothing to say.
 * @returns The stack's id; `undefined` in a preview before the first `up`, and where no engine runs the program.
 * @throws RunError with all problems.
 */
export async function guard(config: PlatformConfig, target: TargetProfile): Promise<string | undefined> {
  // Specs run the program without an engine, and there is no stack then.
  if (pulumi.runtime.getEngine() === undefined) return undefined;
  const identify = pulumi.runtime.isDryRun() ? readStackId : ensureStackId;
  const stackId = identify(import.meta.dirname, pulumi.getProject(), pulumi.getStack());
  const live = await livePlatform(target, {
    namespaces: [config.cluster.namespace],
    ...(stackId === undefined ? {} : { stackId }),
  });
  if (live === undefined) return stackId;
  const transition = { live, config, storageClass: target.storageClass };
  const problems = transitionProblems(transition);
  if (problems.length > 0) throw new pulumi.RunError(refusal(problems));
  for (const line of keptClaims(transition)) void pulumi.log.info(line);
  return stackId;
}
