/** Which images a config needs: one list for the program, which pushes them, and the CLI, which makes them ready. */
import type { WantedImages } from "../images/wanted.ts";
import { imagesOf } from "../platform/service.ts";
import { isOwn, rooms, settingsOf } from "./rooms.ts";
import type { PlatformConfig } from "./schema.ts";

export function wantedImages(config: PlatformConfig): WantedImages {
  const wanted = rooms.flatMap((room) => {
    const own = settingsOf(room.name, config);
    return imagesOf(room).map((image) => [image.name, isOwn(room, config) && (image.wanted?.(own) ?? true) && own]);
  });
  return Object.fromEntries(wanted) as WantedImages;
}
