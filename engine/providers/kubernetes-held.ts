/** What keeps a namespace that is being deleted: the objects in it whose finalizers nobody takes away, by name. */

import { metadataOf, objectOf, type Props, textOf } from "../values.ts";

/** An answer of the API server by path; `undefined`: there is no such thing. */
export type Ask = (path: string) => Promise<Props | undefined>;

/** `configmaps. has 1 resource instances`, as the namespace controller says of each kind, with its group after the dot. */
const remaining = /([a-z0-9-]+)\.([a-z0-9.-]*) has \d+ resource instances/g;
/** More than these help nobody. */
const namedAtMost = 5;

/** One object that holds its namespace. */
export interface Holder {
  /** Plural of its kind, with its group. */
  readonly resource: string;
  readonly name: string;
  readonly finalizers: readonly string[];
}

/** The objects that hold a namespace, as far as its own conditions lead to them; none while all of them are only ending. */
export async function holdersOf(ask: Ask, namespace: Props): Promise<Holder[]> {
  const conditions = objectOf(namespace["status"])["conditions"];
  const said = (Array.isArray(conditions) ? (conditions as Props[]) : [])
    .filter(({ status }) => status === "True")
    .map(({ message }) => textOf(message))
    .join("\n");
  const found = [...said.matchAll(remaining)].map(([, plural = "", group = ""]) =>
    heldOf(ask, textOf(metadataOf(namespace)["name"]), plural, group),
  );
  return (await Promise.all(found)).flat();
}

async function heldOf(ask: Ask, namespace: string, plural: string, group: string): Promise<Holder[]> {
  const preferred = group === "" ? undefined : objectOf((await ask(`/apis/${group}`))?.["preferredVersion"]);
  const root = preferred === undefined ? "/api/v1" : `/apis/${textOf(preferred["groupVersion"])}`;
  const items = (await ask(`${root}/namespaces/${namespace}/${plural}`))?.["items"];
  return (Array.isArray(items) ? (items as Props[]) : []).flatMap((item) => {
    const { name, finalizers } = metadataOf(item);
    if (!Array.isArray(finalizers) || finalizers.length === 0) return [];
    const resource = group === "" ? plural : `${plural}.${group}`;
    return [{ resource, name: textOf(name), finalizers: finalizers as string[] }];
  });
}

/** `configmaps/hold (finalizer example.com/keep)` for each, and how many more there are. */
export function holdersText(holders: readonly Holder[]): string {
  const named = holders
    .slice(0, namedAtMost)
    .map(({ resource, name, finalizers }) => `${resource}/${name} (finalizer ${finalizers.join(", ")})`);
  const rest = holders.length - named.length;
  return [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
}
