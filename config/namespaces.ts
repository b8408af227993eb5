/** The namespaces of a stack. */
import { quarterNames, quarterNamespace } from "../platform/names.ts";
import { enabledRooms } from "./rooms.ts";
import type { PlatformConfig } from "./schema.ts";

type Cluster = Pick<PlatformConfig["cluster"], "namespace" | "existingNamespace">;

/** Those that may be people's programs', whether they are there or not; none where everything is in one. */
export function peopleNamespaces({ namespace, existingNamespace }: Cluster): string[] {
  return existingNamespace ? [] : quarterNames.map((quarter) => quarterNamespace(namespace, quarter));
}

/** All that a stack may have, the platform's own first. */
export function namespacesOf(cluster: Cluster): string[] {
  return [cluster.namespace, ...peopleNamespaces(cluster)];
}

/** Those of people's programs that a config makes. */
export function wantedQuarters(config: PlatformConfig): string[] {
  const { namespace, existingNamespace } = config.cluster;
  if (existingNamespace) return [];
  const asked = enabledRooms(config).flatMap(({ room, view }) => room.quarters?.(view) ?? []);
  return quarterNames
    .filter((quarter) => asked.includes(quarter))
    .map((quarter) => quarterNamespace(namespace, quarter));
}

/** Secrets that people have made, which pods of people's programs refer to. */
export function handMadeSecrets(config: PlatformConfig): string[] {
  const { pullSecret } = config.images;
  const ofRooms = enabledRooms(config).flatMap(({ room, view }) => room.handMade?.(view.own) ?? []);
  return [...new Set([...(pullSecret === undefined ? [] : [pullSecret]), ...ofRooms])].filter((name) => name !== "");
}
