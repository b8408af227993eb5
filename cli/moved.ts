/** Pods that an earlier version has left in the platform's namespace, and whose like are elsewhere now. */
import { COMPONENT_LABEL, NAME_LABEL } from "../platform/names.ts";
import type { Edge } from "../platform/network.ts";
import type { Kube } from "./kube.ts";
import type { Pod } from "./services.ts";

/**
 * Removes them: tasks, executors and users' servers, which nobody looks after there any more.
 * @param edges Of the platform as it is now; they tell where each role's pods are.
 * @returns their names
 */
export async function removeMoved(
  kube: Pick<Kube, "get" | "delete">,
  namespace: string,
  edges: readonly Edge[],
): Promise<string[]> {
  const ends = edges.flatMap(({ from, to }) => [from, to]);
  const moved = new Set(
    ends.flatMap((end) => (end.kind === "pods" && end.in !== undefined ? [`${end.service}/${end.component}`] : [])),
  );
  if (moved.size === 0) return [];
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const { items } = await kube.get<{ items: readonly Pod[] }>(path);
  const left = items.filter(({ metadata: { labels = {} } }) =>
    moved.has(`${labels[NAME_LABEL] ?? ""}/${labels[COMPONENT_LABEL] ?? ""}`),
  );
  for (const { metadata } of left) await kube.delete(`${path}/${metadata.name}`);
  return left.map(({ metadata }) => metadata.name);
}
