/**
 * The platform's own images: their content tags, and everything `docker build` needs, prepared on the host. The build
 * itself runs without network; each image keeps the contract of the upstream image that it stands in for.
 */
import { cacheDir } from "./cache.ts";
import { bases, type BaseName, type ImageName, imageReference, imageTag } from "./tags.ts";

export { baseNames, type BaseName, builtAfter, imageNames, type ImageName, imageReference, imageTag } from "./tags.ts";
export { type Progress, prepareContexts } from "./prepare.ts";
export { listSources, type Source } from "./sources.ts";
export { versions } from "./versions.ts";

/** Folder to hand to `docker build`; it exists after `prepareContexts`. */
export function contextDir(name: ImageName): string {
  return cacheDir("contexts", `${name}-${imageTag(name)}`);
}

/** Build arguments of an image: the local base image to build on. */
export function buildArgs(name: ImageName): Record<string, string> {
  const base: BaseName = bases[name];
  return { BASE: imageReference(base) };
}
