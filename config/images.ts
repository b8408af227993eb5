/** Which images a config needs: one list for the program, which pushes them, and the CLI, which makes them ready. */
import { inPlaceOf } from "../images/tags.ts";
import type { WantedImages } from "../images/wanted.ts";
import { imagesOf } from "../platform/service.ts";
import { isOwn, rooms, settingsOf } from "./rooms.ts";
import type { PlatformConfig } from "./schema.ts";

export function wantedImages(config: PlatformConfig): WantedImages {
  const isUpstream = config.images.source === "upstream";
  const wanted = rooms.flatMap((room) => {
    const own: { readonly enabled: boolean; readonly image?: string } = settingsOf(room.name, config);
    return imagesOf(room).map((image) => {
      const made = isUpstream ? inPlaceOf(image.name) : undefined;
      return [image.name, isOwn(room, config) && (image.wanted?.(own) ?? true) && { image: own.image, made }];
    });
  });
  return Object.fromEntries(wanted) as WantedImages;
}

/** Images that the config names, of services that are part of the platform. */
export function namedImages(config: PlatformConfig): string[] {
  const named = rooms
    .filter((room) => isOwn(room, config))
    .flatMap(({ name }) => (settingsOf(name, config) as { readonly image?: string }).image ?? []);
  return [...new Set(named)];
}

/** Registries from which images are copied. */
export function cachesOf({ images }: Pick<PlatformConfig, "images">): readonly string[] {
  return images.source === "packages" ? [] : images.caches;
}
