/** Names of resources: `urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`. */

export const stackType = "pulumi:pulumi:Stack";

/** The URN of a resource; the types of its parents are part of it, except the stack's. */
export function makeUrn(stack: string, project: string, type: string, name: string, parent?: string): string {
  const parentType = parent === undefined || parent === "" ? "" : qualifiedType(parent);
  const prefix = parentType === "" || parentType === stackType ? "" : `${parentType}$`;
  return `urn:pulumi:${stack}::${project}::${prefix}${type}::${name}`;
}

/** Types of the parents and the resource, joined by `$`. */
export function qualifiedType(urn: string): string {
  return urn.split("::")[2] ?? "";
}

export function urnType(urn: string): string {
  return qualifiedType(urn).split("$").at(-1) ?? "";
}

export function urnName(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** A provider reference `<urn>::<id>` as its two parts. */
export function parseProviderRef(ref: string): { readonly urn: string; readonly id: string } {
  const cut = ref.lastIndexOf("::");
  return { urn: ref.slice(0, cut), id: ref.slice(cut + 2) };
}
