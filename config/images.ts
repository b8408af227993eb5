/** Which images a config needs: one list for the program, which pushes them, and the CLI, which makes them ready. */
import type { WantedImages } from "../images/wanted.ts";
import { isOwn, rooms, settingsOf } from "./rooms.ts";
import type { PlatformConfig } from "./schema.ts";

export function wantedImages(config: PlatformConfig): WantedImages {
  const wanted = rooms.flatMap((room) => {
    if (room.image === undefined) return [];
    const own = settingsOf(room.name, config);
    return [[room.image.name, isOwn(room, config) && (room.image.wanted?.(own) ?? true) && own]];
  });
  return Object.fromEntries(wanted) as WantedImages;
}
