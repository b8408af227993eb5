/** Named sets of services. A profile only says which services are part of the platform where the stack does not. */
import { isTools, type Service, type ServiceGroup } from "../platform/service.ts";
import { rooms, type ServiceName, services as known } from "./rooms.ts";

/** The profiles that a stack can name; the first is the default. */
export const profiles = ["core", "studio", "pipeline", "full"] as const;
export type Profile = (typeof profiles)[number];

const groupsOf: Readonly<Record<Profile, readonly ServiceGroup[]>> = {
  core: [],
  studio: ["studio"],
  pipeline: ["pipeline"],
  full: ["studio", "pipeline"],
};

/** Services that a profile brings on top of the data path. */
export function servicesOf(profile: Profile): readonly string[] {
  return groupsOf[profile].flatMap((group) => rooms.filter((room) => room.group === group).map(({ name }) => name));
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
  for (const { name, group, onDemand } of known) {
    const byStack = stack[name]?.enabled;
    const byProfile = onDemand === true ? undefined : group === undefined || brought.includes(name);
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
