/**
 * Keeps an idle connection of kafkajs 2.2.4 asleep. From its first answer on, each connection looks for waiting requests a
 * thousand times a second, whether any wait or not: it computes a pause below zero and Node makes a millisecond of it.
 */
import { createRequire } from "node:module";

/** What is needed of the library's queue in front of a connection. */
export interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}

const load = createRequire(import.meta.url);
const { prototype } = load("kafkajs/src/network/requestQueue") as { readonly prototype: RequestQueue };
const schedule = prototype.scheduleCheckPendingRequests;

/** A request that has to wait schedules a look itself, so none is needed while none waits. */
export function letConnectionsRest(): void {
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
}
