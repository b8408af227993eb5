/** What keeps a pod from being made at all: a quota, a limit range, Pod Security or another admission rule, in its words. */

import { type KubernetesEvent, newestEvent } from "./kubernetes-events.ts";

/** Of all events those that tell of a refused pod. */
export const REFUSALS = "reason=FailedCreate";

/**
 * Why the pods of a workload are refused, by the newest event of its own or, for a Deployment, of its ReplicaSets.
 * `undefined`: no event says so.
 */
export function refusedPods(workload: string, events: readonly KubernetesEvent[]): string | undefined {
  const isOf = ({ involvedObject: { kind = "", name = "" } = {} }: KubernetesEvent): boolean =>
    name === workload || (kind === "ReplicaSet" && name.slice(0, name.lastIndexOf("-")) === workload);
  return newestRefusal(events.filter(isOf));
}

/** The same by the events of one workload. */
export function newestRefusal(events: readonly KubernetesEvent[]): string | undefined {
  const newest = newestEvent(events.filter(({ reason }) => reason === "FailedCreate"));
  return newest && `its pods are refused: ${newest.message ?? "no reason is given"}`;
}
