/** Named sets of services. A profile only says which services are part of the platform where the stack does not. */
import { groupsOf, isTools, type Service, type ServiceGroup } from "../platform/service.ts";
import { rooms, type ServiceName, services as known } from "./rooms.ts";

/** The profiles that a stack can name; the first is the default. */
export const profiles = ["core", "studio", "pipeline", "streams", "full"] as const;
export type Profile = (typeof profiles)[number];

const groupsIn: Readonly<Record<Profile, readonly ServiceGroup[]>> = {
  core: [],
  studio: ["studio"],
  pipeline: ["pipeline"],
  streams: ["streams"],
  full: ["studio", "pipeline"],
};

/** Services that a profile brings on top of the data path. */
export function servicesOf(profile: Profile): readonly string[] {
  const groups = groupsIn[profile];
  return rooms.filter((room) => groupsOf(room).some((group) => groups.includes(group))).map(({ name }) => name);
}

/**
 * The services with every `enabled` decided: by the stack, else by the profile, or by those who need them.
 * @param hasGuarded Whether the proxy that asks for logins is needed before pages of these rooms.
 */
export function inProfile<Given extends Readonly<Record<ServiceName, object>>>(
  profile: Profile,
  given: Given,
  hasGuarded: (on: readonly Service[]) => boolean,
): Given & Readonly<Record<ServiceName, { readonly enabled: boolean }>> {
  const brought = servicesOf(profile);
  const stack = given as Readonly<Record<string, { readonly enabled?: boolean | undefined }>>;
  const decided: Record<string, boolean> = {};
  for (const room of known) {
    const { name, onDemand } = room;
    const byStack = stack[name]?.enabled;
    const byProfile = onDemand === true ? undefined : groupsOf(room).length === 0 || brought.includes(name);
    const on = byStack ?? byProfile;
    if (on !== undefined) decided[name] = on;
  }
  for (const { name } of known) {
    decided[name] ??= known.some(
      ({ name: other, needs }) => decided[other] === true && needs?.of.some((of) => of.name === name),
    );
  }
  for (const { name, guards } of known) {
    if (guards === true) decided[name] = hasGuarded(known.filter((room) => decided[room.name]));
  }
  const settled = known.map((room) => [
    room.name,
    isTools(room) ? stack[room.name] : { ...stack[room.name], enabled: decided[room.name] },
  ]);
  return Object.fromEntries(settled) as Given & Readonly<Record<ServiceName, { readonly enabled: boolean }>>;
}
