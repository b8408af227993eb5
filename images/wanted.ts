/** Which of the platform's images have to be built. */
import { type ImageName, imageNames } from "./index.ts";

/** For each of the platform's images the settings of the service that runs it; `false` when nothing does. */
export type WantedImages = Readonly<Record<ImageName, false | { readonly image?: string | undefined }>>;

/** Images that are wanted and not given, so they have to be built. */
export function imagesToBuild(wanted: WantedImages): ImageName[] {
  return imageNames.filter((name) => wanted[name] !== false && wanted[name].image === undefined);
}
