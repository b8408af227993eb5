/** Asked before anything is built: whether the config would lose data of the platform that runs, and what it leaves to these data. */
import { livePlatform } from "../clusters/claims.ts";
import { decidingComponents, settled } from "../config/claim-program.ts";
import type { LivePlatform } from "../config/live-platform.ts";
import { refusal, transitionProblems } from "../config/transitions.ts";
import { readProject } from "../engine/config.ts";
import { readStackId } from "../engine/stack-id.ts";
import type { Engine } from "./engine.ts";
import { UserError } from "./errors.ts";
import { projectDir } from "./paths.ts";
import { engineOptions, recordedInputs, type Stack } from "./stack.ts";

type Asked = Pick<Engine, "outputs" | "recorded">;

export interface Checked {
  /** With each choice that it leaves to the data of the platform that runs. */
  readonly stack: Stack;
  /** Whether the cluster answered; if not, it may have more to say. */
  readonly answered: boolean;
}

/**
 * The program asks the same once more: a cluster that does not answer yet, does then. Members that go have handed their data over
 * by then.
 * @param options.anew Whether the state is to be forgotten: then it decides nothing. @default false
 * @throws UserError with all problems.
 */
export async function checkTransitions(
  stack: Stack,
  engine: Asked,
  { anew = false }: { readonly anew?: boolean } = {},
): Promise<Checked> {
  const live = await liveOf(stack, engine);
  const found = await settledBy(stack, engine, live, anew);
  const problems =
    live === undefined
      ? []
      : transitionProblems({
          live,
          config: found.stack.config,
          storageClass: stack.profile.storageClass,
          isHandedOver: true,
        });
  if (problems.length + found.problems.length > 0) throw new UserError(refusal(problems, found.problems));
  return { stack: found.stack, answered: live !== undefined };
}

/**
 * The stack with each choice that it leaves to the data of the platform that runs; what it would change is no matter.
 * @throws UserError when nothing decides one.
 */
export async function asThePlatform(stack: Stack, engine: Asked): Promise<Stack> {
  const found = await settledBy(stack, engine, await liveOf(stack, engine), false);
  if (found.problems.length > 0) throw new UserError(refusal([], found.problems));
  return found.stack;
}

async function liveOf(stack: Stack, engine: Asked): Promise<LivePlatform | undefined> {
  const { namespace } = await engine.outputs(engineOptions(stack, false)).catch(() => ({ namespace: undefined }));
  const stackId = readStackId(projectDir, (await readProject(projectDir)).name, stack.name);
  return await livePlatform(stack.profile, {
    namespaces: [stack.config.cluster.namespace, ...(typeof namespace === "string" ? [namespace] : [])],
    ...(stackId === undefined ? {} : { stackId }),
  });
}

async function settledBy(
  stack: Stack,
  engine: Asked,
  live: LivePlatform | undefined,
  anew: boolean,
): Promise<{ readonly stack: Stack; readonly problems: readonly string[] }> {
  const recorded = anew
    ? []
    : decidingComponents(stack.config, live).map(
        async (component) => [component, await recordedInputs(engine, stack, component)] as const,
      );
  const { config, problems } = settled(stack.config, {
    live,
    recorded: Object.fromEntries(await Promise.all(recorded)),
  });
  return { stack: { ...stack, config }, problems };
}
