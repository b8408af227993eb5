/** Which of the platform's images have to be built. */
import { imageNames } from "./tags.ts";

interface Wanted {
  /** The image that the stack names. @default - one of ours */
  readonly image?: string | undefined;
  /** Name of ours that runs. @default - the one that is built from packages */
  readonly made?: string | undefined;
}

/** For each of the platform's images the settings of the service that runs it; `false` when nothing does. */
export type WantedImages = Readonly<Record<string, false | Wanted>>;

/** Images that are wanted and not given, so they have to be made. */
export function imagesToBuild(wanted: WantedImages): string[] {
  return imageNames.flatMap((name) => {
    const settings = wanted[name];
    if (settings === undefined || settings === false || settings.image !== undefined) return [];
    return [settings.made ?? name];
  });
}
