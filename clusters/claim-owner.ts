/** Whose a StatefulSet or a claim is: told by what it bears, never by its name. Pure. */
import { STACK_ID_LABEL } from "../platform/names.ts";

/** An object of the cluster, with what tells whose it is. */
export interface Owned {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly managedFields?: readonly { readonly manager?: string }[];
  };
}

/** A StatefulSet, with what tells which claims are its own. */
export interface OwnedSet extends Owned {
  readonly spec?: { readonly volumeClaimTemplates?: readonly { readonly metadata?: { readonly name: string } }[] };
}

/** As what a stack's local engine writes an object, or some fields of one. */
const MANAGER = /^millrace-([0-9a-f]{16})(-[0-9a-f]{8})?$/;

/**
 * Id of the stack that an object is of, by its label. One that was made before there was a label is told by the engine that has
 * written it; `undefined` where neither says.
 */
export function stackOf({ metadata: { labels, managedFields = [] } }: Owned): string | undefined {
  const label = labels?.[STACK_ID_LABEL];
  if (label !== undefined) return label;
  const ids = new Set(managedFields.flatMap(({ manager = "" }) => MANAGER.exec(manager)?.[1] ?? []));
  return ids.size === 1 ? [...ids][0] : undefined;
}

/**
 * Id of the stack that a claim is of: that of the set which uses it, or its own where no set does. A set and its claim that name
 * two stacks are of neither.
 * @param sets All that are in the claim's namespace.
 */
export function stackOfClaim(claim: Owned, sets: readonly OwnedSet[]): string | undefined {
  const own = stackOf(claim);
  const set = sets.find((candidate) => uses(candidate, claim.metadata.name));
  if (set === undefined) return own;
  const its = stackOf(set);
  return own === undefined || own === its ? its : undefined;
}

/** A StatefulSet names its claims `<template>-<set>-<ordinal>`. */
export function uses({ metadata, spec }: OwnedSet, claim: string): boolean {
  return (spec?.volumeClaimTemplates ?? []).some((template) => {
    const prefix = `${template.metadata?.name ?? ""}-${metadata.name}-`;
    return claim.startsWith(prefix) && /^\d+$/.test(claim.slice(prefix.length));
  });
}
