/** Names, folders and content hashes of the images: everything that needs no download. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { rooms } from "../components/index.ts";
import { debianCode } from "../platform/images/debian/seed-reference.ts";
import { filesBelow, librarySources, repositoryDir } from "../platform/images/files.ts";
import { type ImageUse, imagesOf, roomFolder, type Service } from "../platform/service.ts";
import { lockedDigests, lockedReference } from "./upstream-lock.ts";
import { versions } from "../platform/images/versions.ts";

/** Local images that the others are built on; they are never pushed by themselves. */
export const baseNames = ["base", "jre", "python", "postgres-base", "nginx-base"] as const;
export type BaseName = (typeof baseNames)[number];

interface Image extends Omit<ImageUse<unknown>, "base"> {
  readonly room: Service;
  /** The local image that it is built on, or the official one. */
  readonly on: { readonly base: BaseName } | { readonly upstream: string };
  /** Its folder, relative to the repository. */
  readonly path: string;
}

/** What an official image is built from that runs as it is. */
const AS_IT_IS = "images/upstream";

/** Name of what is made of the official image in place of one of the platform's. */
const upstreamName = (name: string): string => `${name}-upstream`;

const all: readonly Service[] = Object.values(rooms);
const fromPackages = all.flatMap((room) =>
  imagesOf(room).map(({ base, ...image }): Image => {
    const path = `${roomFolder(room)}/${image.folder ?? "image"}`;
    return { room, ...image, on: { base }, path };
  }),
);
const fromUpstream = fromPackages.flatMap(({ room, name, upstream }): Image[] => {
  if (upstream === undefined) return [];
  const { image, layer, sources = [] } = upstream;
  const path = layer === undefined ? AS_IT_IS : `${roomFolder(room)}/${layer}`;
  return [{ room, name: upstreamName(name), sources, on: { upstream: image }, path }];
});
const images = new Map([...fromPackages, ...fromUpstream].map((image) => [image.name, image]));

/** Images that are built from packages and run in the cluster, in the order in which they are made ready. */
export const imageNames: readonly string[] = fromPackages.map(({ name }) => name);

/** What may run in place of some of them: official images, with a layer of ours where the contract needs one. */
export const upstreamNames: readonly string[] = fromUpstream.map(({ name }) => name);

/** @throws Error naming the images that there are. */
function imageOf(name: string) {
  const found = images.get(name);
  if (found === undefined) throw new Error(`"${name}" is not an image; the images are ${imageNames.join(", ")}`);
  return found;
}

/** The base that an image is built on: all JVM images share one lower layer, and so do the Python images. `undefined`: an official image. */
export function baseOf(name: string): BaseName | undefined {
  const { on } = imageOf(name);
  return "base" in on ? on.base : undefined;
}

/** Whole name with tag of the official image that an image is built on; `undefined`: it is built from packages. */
export function upstreamOf(name: string): string | undefined {
  const { on } = imageOf(name);
  return "upstream" in on ? on.upstream : undefined;
}

/** Whole names with tags of the official images that those are made of. */
export const officialImages: readonly string[] = fromUpstream.flatMap(({ on }) =>
  "upstream" in on ? [on.upstream] : [],
);

/** Those of them whose digest is known, so that they have a tag. */
export function lockedUpstreamNames(): string[] {
  const known = lockedDigests();
  return upstreamNames.filter((name) => known.has(upstreamOf(name) ?? ""));
}

/** Whether an image is the official one, byte for byte. */
export function isAsItIs(name: string): boolean {
  return imageOf(name).path === AS_IT_IS;
}

/** What may run in place of an image of the platform: what is made of the official one. `undefined`: it has none. */
export function inPlaceOf(name: string): string | undefined {
  return isImage(upstreamName(name)) ? upstreamName(name) : undefined;
}

/** The image that should be built before this one, because it leaves the largest part of the work in Docker's cache. */
export function builtAfter(name: string): string | undefined {
  return imageOf(name).after;
}

/** Packages that an image takes of the lock that all Python images share. */
export function sharedPackagesOf(name: string): readonly string[] {
  return imageOf(name).sharedPackages ?? [];
}

/** Images that carry the program's own Node, and modules from npm. */
export const imagesWithNode: readonly string[] = imageNames.filter((name) => imageOf(name).hasNode === true);

/** Images whose compiler takes longest. */
export const compiledImages: readonly string[] = imageNames.filter((name) => imageOf(name).isCompiled === true);

/** An image's folder: one of its room, or one of `images/` for a base, relative to the repository. */
export function imageFolder(name: string): string {
  return isImage(name) ? imageOf(name).path : `images/${name}`;
}

/** Source folders and single files (relative to the repository) baked into an image, those of the Python library aside. */
export function sourceFolders(name: string): readonly string[] {
  const { sources = [], isTools } = imageOf(name);
  // Of every room what runs in the cluster, and what the proof asks.
  const ofRooms = readdirSync(join(repositoryDir, "components"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: folder }) =>
      ["hops", "hops.ts", "programs", "watch.ts", "audit.ts"].map((source) => `components/${folder}/${source}`),
    )
    .sort();
  return [...sources, ...(isTools === true ? ofRooms : [])];
}

/** All that an image carries besides its own folder. */
function carried(name: string): readonly string[] {
  return [...sourceFolders(name), ...(imageOf(name).hasLibrary === true ? librarySources : [])];
}

/** What makes a base image, and what decides on the content of build contexts when an image's `context.ts` imports it. */
const baseLogic = ["images/debian.ts", debianCode];
const contextLogic = ["context", "fetch", "go", "wheels", "library"].map((module) => `platform/images/${module}.ts`);

/** The shared code that fills an image's build context. What it downloads is locked in the image's folder. */
function logicOf(name: string, root: string): string[] {
  if (!isImage(name)) return baseLogic;
  const code = readFileSync(join(root, imageFolder(name), "context.ts"), "utf8");
  return contextLogic.filter((module) => code.includes(`/${module}"`));
}

/**
 * Content hash of an image: 16 hex digits from its folder, the sources baked in, the code that puts it together,
 * and its base's hash, or the official image's digest. Computed from files only. The same files give the same tag on every
 * machine.
 * @throws Error when nobody has looked up the official image's digest.
 */
export function imageTag(name: string, root = repositoryDir): string {
  const hash = createHash("sha256");
  if (isImage(name)) {
    const { on } = imageOf(name);
    hash.update("base" in on ? `base ${imageTag(on.base, root)}\n` : `upstream ${lockedReference(on.upstream)}\n`);
    if (imagesWithNode.includes(name)) hash.update(`node ${versions.node}\n`);
  } else {
    hash.update(`debian ${versions.debian}\n`);
  }
  const folders = [imageFolder(name), ...logicOf(name, root), ...(isImage(name) ? carried(name) : [])];
  for (const folder of folders) {
    for (const file of filesBelow(root, folder)) {
      const content = readFileSync(join(root, file));
      hash.update(`${file} ${content.length}\n`).update(content);
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** Repository below which the stack's registry has the images. */
export const imageRepository = "millrace";

/** Name of an image without a registry: `millrace/kafka:<content hash>`. */
export function imageReference(name: string, root = repositoryDir): string {
  return `${imageRepository}/${name}:${imageTag(name, root)}`;
}

/** Name of what an image is built on in the local Docker engine. */
export function baseReference(name: string): string {
  const base = baseOf(name);
  return base === undefined ? `${imageRepository}/${name}-base:${imageTag(name)}` : imageReference(base);
}

/** Whether a name is one of the images that run in the cluster, not a local base. */
export function isImage(name: string): boolean {
  return images.has(name);
}
