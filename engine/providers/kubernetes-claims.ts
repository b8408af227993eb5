/** A StatefulSet's claims outlive it, also one that was made to take them along. */

import { setTimeout as sleep } from "node:timers/promises";
import type { StepContext } from "../provider.ts";
import { metadataOf, objectOf, type Props, textOf } from "../values.ts";
import type { KubernetesApi } from "./kubernetes-api.ts";

type Api = Pick<KubernetesApi, "get" | "list" | "merge">;

const patienceMs = 60_000;
const pauseMs = 300;

/**
 * Makes sure that no claim goes with the set: an older Millrace had Kubernetes delete them with it.
 * @throws Error when the set's controller doesn't take the change up; nothing is deleted then.
 */
export async function keepClaims(
  api: Api,
  path: string,
  live: Props,
  context: Pick<StepContext, "progress" | "signal">,
): Promise<void> {
  const policy = objectOf(objectOf(live["spec"])["persistentVolumeClaimRetentionPolicy"]);
  const claimsPath = `/api/v1/namespaces/${textOf(metadataOf(live)["namespace"], "default")}/persistentvolumeclaims`;
  const uid = metadataOf(live)["uid"];
  const owned = async () => (await api.list(claimsPath)).filter((claim) => ownersOf(claim).some(is(uid)));
  if (policy["whenDeleted"] !== "Delete" && (await owned()).length === 0) {
    return;
  }
  context.progress("letting its claims go, so that they stay");
  const changed = await api.merge(path, {
    metadata: { uid },
    spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" } },
  });
  const generation = Number(metadataOf(changed)["generation"] ?? 0);
  const end = Date.now() + patienceMs;
  // From then on the controller gives no claim back to the set.
  await until(async () => Number(objectOf((await api.get(path))?.["status"])["observedGeneration"] ?? 0) >= generation);
  // It only lets go of claims whose pod it has; those of pods that were scaled away are let go here.
  await until(async () => {
    const left = await owned();
    for (const claim of left) {
      const { name, resourceVersion } = metadataOf(claim);
      const ownerReferences = ownersOf(claim).filter((owner) => !is(uid)(owner));
      await api
        .merge(`${claimsPath}/${textOf(name)}`, { metadata: { resourceVersion, ownerReferences } })
        .catch(() => undefined); // written by somebody else in between, or gone: looked at again
    }
    return left.length === 0;
  });

  async function until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) {
      if (Date.now() > end) {
        throw new Error(
          `its claims still belong to it after ${patienceMs / 1000} s and would be deleted with it, so nothing was deleted; ` +
            "see that kube-controller-manager runs, then run again",
        );
      }
      await sleep(pauseMs, undefined, { signal: context.signal });
    }
  }
}

function is(uid: unknown): (owner: Props) => boolean {
  return (owner) => owner["uid"] === uid;
}

function ownersOf(claim: Props): Props[] {
  const owners = metadataOf(claim)["ownerReferences"];
  return Array.isArray(owners) ? (owners as Props[]) : [];
}
