/** Objects that a run made and was killed before it recorded them, whichever engine it was. */

import type { Ledger } from "./ledger.ts";
import { completed } from "./plan.ts";
import { type Providers, recordedOf } from "./providers.ts";
import type { ResourceState } from "./state.ts";

export interface AdoptionParts {
  readonly ledger: Ledger;
  readonly providers: Providers;
}

/**
 * Records the object that an interrupted create has made. It counts as not ready, so that the next run applies it again and
 * waits for it, or deletes it where the program no longer names it.
 * @returns The new entry; `undefined` when there is no such object, or it is somebody else's.
 * @throws Error when the provider can't be asked, or is of another cluster.
 */
export async function adopt(
  { ledger, providers }: AdoptionParts,
  interrupted: ResourceState,
): Promise<ResourceState | undefined> {
  const ref = interrupted.provider;
  const provider = ref === undefined ? undefined : providers.get(ref);
  if (ref === undefined || provider?.found === undefined) {
    return undefined;
  }
  await providers.survey(ref); // refuses another cluster
  const { type, inputs } = recordedOf(interrupted);
  const made = await provider.found(type, inputs);
  if (made === undefined) {
    return undefined;
  }
  const entry = {
    ...completed(interrupted, made, undefined, new Date().toISOString()),
    initErrors: ["the run that made this was interrupted"],
  };
  ledger.adopt(entry);
  return entry;
}
