/** What keeps a pod from being made at all: a quota, a limit range, Pod Security or another admission rule, in its words. */

/** An event of Kubernetes, as far as refusals are read from it. */
export interface RefusalEvent {
  readonly reason?: string;
  readonly message?: string;
  readonly involvedObject?: { readonly kind?: string; readonly name?: string };
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
}

/** Of all events those that tell of a refused pod. */
export const REFUSALS = "reason=FailedCreate";

/**
 * Why the pods of a workload are refused, by the newest event of its own or, for a Deployment, of its ReplicaSets.
 * `undefined`: no event says so.
 */
export function refusedPods(workload: string, events: readonly RefusalEvent[]): string | undefined {
  const isOf = ({ involvedObject: { kind = "", name = "" } = {} }: RefusalEvent): boolean =>
    name === workload || (kind === "ReplicaSet" && name.slice(0, name.lastIndexOf("-")) === workload);
  return newestRefusal(events.filter(isOf));
}

/** The same by the events of one workload. */
export function newestRefusal(events: readonly RefusalEvent[]): string | undefined {
  const newest = events
    .filter(({ reason }) => reason === "FailedCreate")
    .toSorted((left, right) => timeOf(left) - timeOf(right))
    .at(-1);
  return newest && `its pods are refused: ${newest.message ?? "no reason is given"}`;
}

function timeOf({ lastTimestamp, eventTime }: RefusalEvent): number {
  return Date.parse(lastTimestamp ?? eventTime ?? "") || 0;
}
