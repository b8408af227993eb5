/** The state of a run while it changes: what is done, what is left of the last run, what is under way. */

import type { PendingOperation, ResourceState, Snapshot } from "./state.ts";

export class Ledger {
  /** Resources of this run, in the order of completion. */
  readonly done: ResourceState[] = [];
  /** Resources of the last run that this run has not replaced or deleted yet, in their order. */
  readonly left: Set<ResourceState>;
  /** Creates that a killed run may or may not have finished. */
  readonly interrupted: ResourceState[];
  readonly #pending = new Set<PendingOperation>();
  /** What the last run has left, by URN. */
  readonly #byUrn = new Map<string, ResourceState>();
  /** What this run has done last, by URN. */
  readonly #doneByUrn = new Map<string, ResourceState>();

  constructor(snapshot: Snapshot) {
    this.left = new Set(snapshot.resources);
    for (const resource of snapshot.resources) {
      if (resource.delete !== true) {
        this.#byUrn.set(resource.urn, resource);
      }
    }
    this.interrupted = snapshot.pending.filter((op) => op.type === "creating").map((op) => op.resource);
    for (const operation of snapshot.pending) {
      const known = this.#byUrn.get(operation.resource.urn);
      if (operation.type === "updating" && known !== undefined) {
        known.initErrors = ["the last run was interrupted while it updated this"];
      }
    }
  }

  last(urn: string, aliases: readonly string[] = []): ResourceState | undefined {
    for (const name of [urn, ...aliases]) {
      const found = this.#byUrn.get(name);
      if (found !== undefined && this.left.has(found)) {
        return found;
      }
    }
    return undefined;
  }

  current(urn: string): ResourceState | undefined {
    return this.#doneByUrn.get(urn);
  }

  /** Whether nothing is recorded any more, and nothing may exist that isn't. */
  get isEmpty(): boolean {
    return this.done.length + this.left.size + this.interrupted.length === 0;
  }

  begin(operation: PendingOperation): PendingOperation {
    this.#pending.add(operation);
    return operation;
  }

  end(operation: PendingOperation): void {
    this.#pending.delete(operation);
  }

  /** Records a resource of this run in place of that of the last run. */
  finish(resource: ResourceState, last?: ResourceState): void {
    this.done.push(resource);
    this.#doneByUrn.set(resource.urn, resource);
    this.settle(resource.urn);
    if (last !== undefined) {
      this.left.delete(last);
      if (last.urn !== resource.urn) {
        this.#rename(last.urn, resource.urn);
      }
    }
  }

  /** A resource found by an alias has a new URN: what is left of the last run must refer to that. */
  #rename(from: string, to: string): void {
    const renamed = (urn: string) => (urn === from ? to : urn);
    for (const resource of this.left) {
      if (resource.parent !== undefined) {
        resource.parent = renamed(resource.parent);
      }
      if (resource.deletedWith !== undefined) {
        resource.deletedWith = renamed(resource.deletedWith);
      }
      if (resource.dependencies !== undefined) {
        resource.dependencies = resource.dependencies.map(renamed);
      }
      for (const [key, urns] of Object.entries(resource.propertyDependencies ?? {})) {
        resource.propertyDependencies = { ...resource.propertyDependencies, [key]: urns.map(renamed) };
      }
      if (resource.provider?.startsWith(`${from}::`) === true) {
        resource.provider = to + resource.provider.slice(from.length);
      }
    }
  }

  /** Takes an object of an interrupted create into what the last run has left. */
  adopt(resource: ResourceState): void {
    const replaced = this.#byUrn.get(resource.urn);
    if (replaced?.pendingReplacement === true) {
      this.left.delete(replaced);
    } else if (replaced !== undefined) {
      replaced.delete = true;
    }
    this.left.add(resource);
    this.#byUrn.set(resource.urn, resource);
    this.settle(resource.urn);
  }

  /** The interrupted create of this resource is dealt with. */
  settle(urn: string): void {
    for (let index = this.interrupted.length - 1; index >= 0; index--) {
      if (this.interrupted[index]?.urn === urn) {
        this.interrupted.splice(index, 1);
      }
    }
  }

  snapshot(): Snapshot {
    const carried = this.interrupted.map((resource) => ({ resource, type: "creating" as const }));
    const pending = [...this.#pending];
    const active = new Set(pending.map((operation) => operation.resource.urn));
    return {
      resources: [...this.done, ...this.left],
      pending: [...pending, ...carried.filter((operation) => !active.has(operation.resource.urn))],
    };
  }
}
