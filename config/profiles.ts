/** Named sets of services. A profile only says which services are part of the platform where the stack does not. */
import type { ServiceGroup } from "../platform/service.ts";
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

/** The services with every `enabled` decided: by the stack, else by the profile, or by those who need them. */
export function inProfile<Given extends Readonly<Record<ServiceName, object>>>(
  profile: Profile,
  given: Given,
): Given & Readonly<Record<ServiceName, { readonly enabled: boolean }>> {
  const brought = servicesOf(profile);
  const stack = given as Readonly<Record<string, { readonly enabled?: boolean | undefined }>>;
  const byProfile = Object.fromEntries(
    known
      .filter(({ onDemand }) => onDemand !== true)
      .map(({ name, group }) => [name, stack[name]?.enabled ?? (group === undefined || brought.includes(name))]),
  );
  const enabled = (name: string): boolean => {
    const needed = known.some(
      ({ name: other, needs }) => byProfile[other] === true && needs?.of.some((of) => of.name === name),
    );
    return byProfile[name] ?? stack[name]?.enabled ?? needed;
  };
  const decided = known.map(({ name }) => [name, { ...stack[name], enabled: enabled(name) }]);
  return Object.fromEntries(decided) as Given & Readonly<Record<ServiceName, { readonly enabled: boolean }>>;
}
