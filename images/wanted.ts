/** Which of the platform's images have to be built. */
import { imageNames } from "./index.ts";

/** For each of the platform's images the settings of the service that runs it; `false` when nothing does. */
export type WantedImages = Readonly<Record<string, false | { readonly image?: string | undefined }>>;

/** Images that are wanted and not given, so they have to be built. */
export function imagesToBuild(wanted: WantedImages): string[] {
  return imageNames.filter((name) => isWanted(wanted[name]));
}

function isWanted(settings: WantedImages[string] | undefined): boolean {
  return settings !== undefined && settings !== false && settings.image === undefined;
}
