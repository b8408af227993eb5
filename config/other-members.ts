/** Another number of members of a service than hold data now: with fewer, what they hold must be elsewhere first. */
import type { ClaimUse, Service } from "../platform/service.ts";
import type { LivePlatform, Transition } from "./live-platform.ts";
import { isOwn, rooms, viewOf } from "./rooms.ts";
import type { PlatformConfig } from "./schema.ts";

/** A set whose last members can hand their data over, and are to go. */
export interface Shrinking {
  readonly claims: ClaimUse<unknown> & Required<Pick<ClaimUse<unknown>, "handOver">>;
  readonly there: number;
  readonly wanted: number;
}

/** The sets that an `up` makes smaller before anything else; none with members that have left claims and run no more. */
export function shrinking(live: LivePlatform, config: PlatformConfig): Shrinking[] {
  return rooms.flatMap((room) => {
    const { claims } = room;
    if (claims?.handOver === undefined || !isOwn(room, config)) return [];
    const { there, running } = members(live, config, claims.set);
    const wanted = membersWanted(room, config);
    const canHandOver = running === there && wanted < there;
    return canHandOver ? [{ claims: claims as Shrinking["claims"], there, wanted }] : [];
  });
}

/** Members that can't be taken away without losing data, or be added, with the way to do it; empty when there are none. */
export function otherMembers(transition: Transition): string[] {
  const { live, config, isHandedOver } = transition;
  const leaving = isHandedOver === true ? shrinking(live, config).map(({ claims }) => claims.set) : [];
  return rooms.flatMap((room) => {
    const { claims } = room;
    if (claims === undefined || !isOwn(room, config) || leaving.includes(claims.set)) return [];
    const { there } = members(live, config, claims.set);
    const wanted = membersWanted(room, config);
    const change = { there, wanted, namespace: config.cluster.namespace };
    if (there === 0 || wanted === there) return [];
    return [wanted < there ? claims.fewer?.(change) : claims.more?.(change)].filter((words) => words !== undefined);
  });
}

/** Pods of the service that keep data, as the config has them. */
function membersWanted(room: Service, config: PlatformConfig): number {
  const keepers = room.pods?.(viewOf(room, config)).filter(({ data }) => data !== undefined) ?? [];
  return keepers.reduce((sum, { count = 1 }) => sum + count, 0);
}

/** Pods of the set, and those together with pods that left a claim behind, which they would come back with. */
function members(
  live: LivePlatform,
  config: PlatformConfig,
  service: string,
): { readonly there: number; readonly running: number } {
  const { namespace } = config.cluster;
  const own = (found: { readonly namespace: string; readonly service: string }): boolean =>
    found.namespace === namespace && found.service === service;
  const running = Math.max(0, ...live.sets.filter(own).map(({ replicas }) => replicas));
  return { running, there: Math.max(running, ...live.claims.filter(own).map(({ ordinal }) => ordinal + 1)) };
}
