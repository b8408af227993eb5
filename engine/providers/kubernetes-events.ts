/** Events of Kubernetes, as far as causes are read from them. */
export interface KubernetesEvent {
  readonly reason?: string;
  readonly message?: string;
  readonly involvedObject?: { readonly kind?: string; readonly name?: string };
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
}

/** The event that came last; the API server lists them in no order. */
export function newestEvent<E extends KubernetesEvent>(events: readonly E[]): E | undefined {
  return events.toSorted((left, right) => timeOf(left) - timeOf(right)).at(-1);
}

/** When an event came last, in ms since the epoch. */
export function timeOf({ lastTimestamp, eventTime }: KubernetesEvent): number {
  return Date.parse(lastTimestamp ?? eventTime ?? "") || 0;
}
