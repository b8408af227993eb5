/** A stack whose cluster is gone: its state still lists objects that nobody has any more. */
import { KubeError } from "../clusters/kubernetes-client.ts";
import type { CommandLock } from "./lock.ts";
import { embeddedHoldings } from "./cluster.ts";
import { confirm } from "./confirm.ts";
import type { Engine } from "./engine.ts";
import { UserError } from "./errors.ts";
import { connect, type Kube } from "./kube.ts";
import { hasState, keepingOwner } from "./owner.ts";
import { during, type Progress } from "./progress.ts";
import { engineOptions, type Stack } from "./stack.ts";

export interface Anew {
  /** `--anew`: it is wanted. */
  readonly anew: boolean;
  readonly engine: Pick<Engine, "destroy">;
  readonly lock: Pick<CommandLock, "toEngine">;
  readonly progress: Progress;
  /** Folder of the project. @default - this one */
  readonly folder?: string;
}

/**
 * Before the embedded cluster is started: where it was removed by hand, asks whether to begin anew, and forgets the state.
 * @throws UserError when that is not wanted.
 */
export async function forgetRemovedCluster(stack: Stack, options: Anew): Promise<void> {
  if (stack.profile.target !== "embedded" || !hasState(stack.name, options.folder)) return;
  const { pieces } = await embeddedHoldings(stack, options.progress.log);
  if (pieces.some(({ kind }) => kind === "volume")) return;
  const { name } = stack.config.cluster.embedded;
  const what =
    `the embedded cluster "${name}" that stack ${stack.name} was created on is gone, and its data with it; it was not removed by ` +
    "npm run down. Starting over forgets what the state lists of it, and creates everything again, with new passwords";
  await confirm([what], { yes: options.anew, again: "npm run up -- --anew" });
  await forget(stack, options);
}

/**
 * With `--anew`, once the cluster answers: forgets the state, where the platform is not on this cluster.
 * @throws UserError when it is: its objects would be nobody's.
 */
export async function forgetLostPlatform(
  stack: Stack,
  options: Anew,
  kube: () => Pick<Kube, "get"> = () => connect(stack.profile),
): Promise<void> {
  if (!options.anew || !hasState(stack.name, options.folder)) return;
  const { namespace } = stack.config.cluster;
  if (await hasNamespace(kube(), namespace)) {
    throw new UserError(
      `--anew: namespace ${namespace} is on the cluster, so there is nothing to forget; npm run up continues with it, npm run down removes it`,
    );
  }
  await forget(stack, options);
}

/** Whether the cluster has a namespace. */
export async function hasNamespace(kube: Pick<Kube, "get">, namespace: string): Promise<boolean> {
  try {
    await kube.get(`/api/v1/namespaces/${namespace}`);
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return false;
    throw error;
  }
}

async function forget(stack: Stack, { engine, lock, progress, folder }: Anew): Promise<void> {
  await lock.toEngine();
  await during(progress, "state (its objects went with their cluster)", async () => {
    const options = { ...engineOptions(stack, true), clusterGone: true };
    const { ok, errors } = await keepingOwner(stack.name, () => engine.destroy(options), folder);
    if (!ok)
      throw new AggregateError(
        errors.map((error) => new UserError(error)),
        "the state could not be forgotten",
      );
  });
}
