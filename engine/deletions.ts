/** Deletes resources, each after everything that depends on it. */

import type { Events } from "./events.ts";
import type { Ledger } from "./ledger.ts";
import type { Limit } from "./limit.ts";
import { type Providers, recordedOf } from "./providers.ts";
import type { ResourceState } from "./state.ts";
import { parseProviderRef, urnName } from "./urn.ts";
import { reveal, type Props } from "./values.ts";

export interface DeletionParts {
  readonly preview: boolean;
  readonly ledger: Ledger;
  readonly providers: Providers;
  readonly events: Events;
  readonly limit: Limit;
  readonly signal: AbortSignal;
  readonly save: () => Promise<void>;
}

/** URNs that must outlive the resource. */
function needs(resource: ResourceState): Set<string> {
  const urns = [
    ...(resource.dependencies ?? []),
    ...Object.values(resource.propertyDependencies ?? {}).flat(),
    ...(resource.parent === undefined ? [] : [resource.parent]),
    ...(resource.provider === undefined ? [] : [parseProviderRef(resource.provider).urn]),
    ...(resource.deletedWith === undefined ? [] : [resource.deletedWith]),
  ];
  return new Set(urns);
}

/** Of each URN the resources that need it. */
function usersByUrn(resources: readonly ResourceState[]): Map<string, ResourceState[]> {
  const users = new Map<string, ResourceState[]>();
  for (const resource of resources) {
    for (const urn of needs(resource)) {
      const known = users.get(urn);
      if (known === undefined) users.set(urn, [resource]);
      else known.push(resource);
    }
  }
  return users;
}

/** Deletes in reverse dependency order, as many at once as allowed; a failure keeps what the failed one needs. */
export async function deleteResources(parts: DeletionParts, doomed: readonly ResourceState[]): Promise<void> {
  const usersOf = usersByUrn(doomed);
  const urns = new Set(doomed.map((resource) => resource.urn));
  const started = new Map<ResourceState, Promise<boolean>>();
  const remove = (resource: ResourceState): Promise<boolean> => {
    let running = started.get(resource);
    if (running === undefined) {
      const users = (usersOf.get(resource.urn) ?? []).filter((other) => other !== resource);
      running = Promise.resolve()
        .then(() => Promise.all(users.map(remove)))
        .then((done) =>
          done.every(Boolean) ? parts.limit.run((leave) => deleteOne(parts, resource, urns, leave)) : false,
        );
      started.set(resource, running);
    }
    return running;
  };
  await Promise.all([...doomed].reverse().map(remove));
}

async function deleteOne(
  parts: DeletionParts,
  resource: ResourceState,
  doomedUrns: ReadonlySet<string>,
  leave: () => void,
): Promise<boolean> {
  const { preview, ledger, providers, events, signal, save } = parts;
  if (signal.aborted) {
    return false;
  }
  // The same object under another name of the program's lives on.
  const heir = ledger.done.find(
    (other) => other !== resource && other.type === resource.type && other.id !== "" && other.id === resource.id,
  );
  const isReal =
    resource.custom &&
    resource.external !== true &&
    resource.retainOnDelete !== true &&
    resource.pendingReplacement !== true &&
    heir?.provider !== resource.provider &&
    !resource.type.startsWith("pulumi:providers:") &&
    !(resource.deletedWith !== undefined && doomedUrns.has(resource.deletedWith));
  if (!preview && isReal && resource.provider !== undefined) {
    try {
      await providers.survey(resource.provider);
    } catch (error) {
      events.error(error instanceof Error ? error.message : String(error)); // once for all resources of the provider
      return false;
    }
  }
  const isDefaultProvider =
    resource.type.startsWith("pulumi:providers:") && urnName(resource.urn).startsWith("default");
  const step = isDefaultProvider ? undefined : events.step("delete", resource.urn);
  const interrupted = ledger.interrupted.includes(resource);
  if (!preview) {
    const operation = ledger.begin({ resource, type: "deleting" });
    try {
      // No word before it is needed: what is still recorded when a run is killed is deleted once more.
      if (isReal && resource.provider !== undefined) {
        const timeout = (resource.customTimeouts as { delete?: number } | undefined)?.delete;
        await providers.get(resource.provider).delete(
          {
            urn: resource.urn,
            type: resource.type,
            name: urnName(resource.urn),
            inputs: reveal(resource.inputs ?? {}) as Props,
            signal,
            progress: (message) => step?.progress(message),
            onlyWaiting: leave,
            ...(timeout === undefined ? {} : { timeoutSeconds: timeout }),
          },
          recordedOf(resource),
        );
      }
    } catch (error) {
      ledger.end(operation);
      await save();
      step?.failed(error instanceof Error ? error.message : String(error));
      return false;
    }
    ledger.end(operation);
    ledger.left.delete(resource);
    if (interrupted) {
      ledger.settle(resource.urn);
    }
    leave();
    await save();
  }
  step?.done();
  return true;
}
