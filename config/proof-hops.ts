/** Which hops of the proof a config leaves out, and why, in the words of its settings. */
import type { PlatformConfig } from "./index.ts";
import { servicesOf } from "./profiles.ts";
import { enabledRooms, rooms, settingsOf } from "./rooms.ts";
import { groupsOf } from "../platform/service.ts";

/** What each hop asks on top of the data path. */
const asks = rooms.flatMap(({ hops = {} }) => Object.entries(hops));

/** The reason for each hop that is left out, by its name. */
export function skippedHops(config: PlatformConfig): Readonly<Record<string, string>> {
  const unasked = Object.fromEntries(
    enabledRooms(config).flatMap(({ room, view }) => Object.entries(room.unasked?.(view.own) ?? {})),
  );
  const skipped = asks.flatMap(([hop, services]) => {
    const off = services.filter((service) => !settingsOf(service, config).enabled);
    if (off.length > 0) return [[hop, off.map((service) => reasonOf(service, config.profile)).join("; ")]];
    return unasked[hop] === undefined ? [] : [[hop, unasked[hop]]];
  });
  return Object.fromEntries(skipped) as Readonly<Record<string, string>>;
}

function reasonOf(service: string, profile: PlatformConfig["profile"]): string {
  if (rooms.some(({ name, guards }) => name === service && guards === true)) {
    return "no published page is behind the platform's own login (cluster.askForLogin)";
  }
  const isIn =
    servicesOf(profile).includes(service) || rooms.some((room) => room.name === service && groupsOf(room).length === 0);
  if (isIn) return `${service} is off (services.${service}.enabled: false)`;
  return `profile ${profile} has no ${service} (services.${service}.enabled: true adds it)`;
}
