/** Asked before anything is built: whether the config would lose data of the platform that runs. */
import { livePlatform } from "../clusters/claims.ts";
import { refusal, transitionProblems } from "../config/transitions.ts";
import { readProject } from "../engine/config.ts";
import { readStackId } from "../engine/stack-id.ts";
import type { Engine } from "./engine.ts";
import { UserError } from "./errors.ts";
import { projectDir } from "./paths.ts";
import { engineOptions, type Stack } from "./stack.ts";

/**
 * The program asks the same once more: a cluster that does not answer yet, does then. Members that go have handed their data over
 * by then.
 * @throws UserError with all problems.
 */
export async function checkTransitions(stack: Stack, engine: Pick<Engine, "outputs">): Promise<void> {
  const { namespace } = await engine.outputs(engineOptions(stack, false)).catch(() => ({ namespace: undefined }));
  const stackId = readStackId(projectDir, (await readProject(projectDir)).name, stack.name);
  const live = await livePlatform(stack.profile, {
    namespaces: [stack.config.cluster.namespace, ...(typeof namespace === "string" ? [namespace] : [])],
    ...(stackId === undefined ? {} : { stackId }),
  });
  if (live === undefined) return;
  const problems = transitionProblems({
    live,
    config: stack.config,
    storageClass: stack.profile.storageClass,
    isHandedOver: true,
  });
  if (problems.length > 0) throw new UserError(refusal(problems));
}
