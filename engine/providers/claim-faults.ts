/** Why a pod waits for its volume, in the provisioner's words: for the waits of a deployment as for people who ask later. */

import { type KubernetesEvent, newestEvent, timeOf } from "./kubernetes-events.ts";

/** A pod, as far as its claims are read from it. */
export interface PodWithClaims {
  readonly spec?: {
    readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName?: string } }[];
  };
}

export interface Claim {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly phase?: string };
}

/** Of all events those that warn of a claim. */
export const CLAIM_WARNINGS = "involvedObject.kind=PersistentVolumeClaim,type=Warning";

/** Names of the claims whose volumes a pod mounts. */
export function claimsOf(pod: PodWithClaims): string[] {
  return (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);
}

/** Time for those that go to leave their room. */
const patienceMs = 120_000;

/** Whether a disk has no room for a claim, and still had none during a wait that was long enough: nobody makes room by waiting. */
export function isOutOfRoom(warning: KubernetesEvent, waitedMs: number): boolean {
  const isRefused = /the node's disk has no room for it/.test(warning.message ?? "");
  return isRefused && waitedMs > patienceMs && timeOf(warning) > Date.now() - waitedMs;
}

/**
 * The newest warning of the first claim of a pod that has no volume and a warning. `undefined`: nothing warns of one.
 * @param claims all claims of the namespace
 * @param warnings events of the namespace by `CLAIM_WARNINGS`
 */
export function claimFault(
  pod: PodWithClaims,
  claims: readonly Claim[],
  warnings: readonly KubernetesEvent[],
): { readonly claim: string; readonly message: string; readonly warning: KubernetesEvent } | undefined {
  const unbound = claims.filter(({ status }) => status?.phase !== "Bound").map(({ metadata }) => metadata.name);
  for (const claim of claimsOf(pod).filter((name) => unbound.includes(name))) {
    const warning = newestEvent(warnings.filter(({ involvedObject }) => involvedObject?.name === claim));
    if (warning?.message !== undefined) return { claim, message: warning.message, warning };
  }
  return undefined;
}
