/** Fewer members of a service than hold data now: what they hold must be elsewhere first. */
import type { Transition } from "./live-platform.ts";
import { isOwn, rooms, viewOf } from "./rooms.ts";

/** What can't be taken away without losing data, with the way to do it; empty when nothing is. */
export function fewerMembers(transition: Transition): string[] {
  const { config } = transition;
  return rooms.flatMap((room) => {
    const { claims } = room;
    if (claims?.fewer === undefined || !isOwn(room, config)) return [];
    const there = members(transition, claims.set);
    const keepers = room.pods?.(viewOf(room, config)).filter(({ data }) => data !== undefined) ?? [];
    const wanted = keepers.reduce((sum, { count = 1 }) => sum + count, 0);
    return wanted >= there ? [] : [claims.fewer({ there, wanted, namespace: config.cluster.namespace })];
  });
}

/** Pods of the set, or those that left a claim behind, which they would come back with. */
function members({ live, config }: Transition, service: string): number {
  const { namespace } = config.cluster;
  const own = (found: { readonly namespace: string; readonly service: string }): boolean =>
    found.namespace === namespace && found.service === service;
  const counts = [
    ...live.sets.filter(own).map(({ replicas }) => replicas),
    ...live.claims.filter(own).map(({ ordinal }) => ordinal + 1),
  ];
  return Math.max(0, ...counts);
}
