/**
 * The platform's own images: their content tags, and everything `docker build` needs, prepared on the host. The build
 * itself runs without network; each image keeps the contract of the upstream image that it stands in for.
 */
import { cacheDir } from "../platform/images/cache.ts";
import { baseReference, imageTag } from "./tags.ts";

export {
  baseNames,
  type BaseName,
  builtAfter,
  imageNames,
  imageReference,
  imageTag,
  isImage,
  lockedUpstreamNames,
  officialImages,
  upstreamNames,
} from "./tags.ts";
export { namesInUse, type Progress, prepareContexts } from "./prepare.ts";
export { listSources, type Source } from "./sources.ts";
export { versions } from "../platform/images/versions.ts";

/** Folder to hand to `docker build`; it exists after `prepareContexts`. */
export function contextDir(name: string): string {
  return cacheDir("contexts", `${name}-${imageTag(name)}`);
}

/** Build arguments of an image: what it is built on, by its name in the local Docker engine. */
export function buildArgs(name: string): Record<string, string> {
  return { BASE: baseReference(name) };
}

/**
 * How an image is built; the same for both engines and for `npm run images`.
 * @param context Folder that it is built from. @default - the one that `prepareContexts` makes
 */
export function buildSettings(name: string, platform: string, context = contextDir(name)) {
  return {
    context,
    dockerfile: `${context}/Dockerfile`,
    args: buildArgs(name),
    platform,
    builderVersion: "BuilderV1",
    network: "none",
  } as const;
}
