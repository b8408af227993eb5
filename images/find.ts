/** Where images are already, by their content tags: in the stack's own registry, or in a cache that it may copy from. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeError } from "../platform/describe-error.ts";
import { limiter } from "../platform/images/work.ts";
import { copyImage, findImage, type FoundImage } from "../platform/registry/copy.ts";
import { type ImageName, parseImageName } from "../platform/registry/image-name.ts";
import { Registry, type RegistryOptions } from "../platform/registry/registry.ts";
import { imageRepository, imageTag, isAsItIs } from "./tags.ts";
import { digestPlace, placeWords } from "./upstream.ts";

export interface Places {
  /** Where they are to be, as a registry with the repository below: `localhost:5000/millrace`. */
  readonly own: string;
  /** Folder in which that registry keeps its images, where it is this machine's. @default - it is asked only */
  readonly kept?: string | undefined;
  /** Where else they may be, asked in this order: `registry.example.com/acme/millrace`. */
  readonly caches: readonly string[];
  /** Registry that has Docker Hub's images, for official ones that nobody has a copy of. @default - Docker Hub */
  readonly mirror?: string | undefined;
  /** Platform of the nodes, as Docker names it, for example `linux/amd64`. */
  readonly platform: string;
}

/** An image in a cache. */
export interface CachedImage {
  readonly name: string;
  readonly cache: string;
  readonly image: FoundImage;
}

export interface FoundImages {
  /** Names of those that are where they are to be. */
  readonly there: readonly string[];
  readonly cached: readonly CachedImage[];
  /** Names of those that nobody has. */
  readonly missing: readonly string[];
  /** Why the registry where they are to be could not be asked. @default - it was */
  readonly problem: string | undefined;
  /** One line for each cache that could not be asked, and each image that can't be taken from it. */
  readonly warnings: readonly string[];
}

/** Questions to one registry at the same time. */
const PARALLEL_QUESTIONS = 4;

/** Where the stack's registry has the platform's images. */
export function ownPrefix(registry: string): string {
  return `${registry}/${imageRepository}`;
}

/** The name of an image in a registry with a repository below, by its content tag. */
export function nameBelow(prefix: string, image: string): ImageName {
  const name = parseImageName(`${prefix}/${image}:${imageTag(image)}`);
  if (name === undefined) throw new Error(`"${prefix}" names no registry`);
  return name;
}

/** Looks for images; asks only, changes nothing. A registry that can't be asked is a warning. */
export async function findImages(
  names: readonly string[],
  { own, kept, caches, mirror, platform }: Places,
  options: RegistryOptions = {},
): Promise<FoundImages> {
  const warnings: string[] = [];
  const cached: CachedImage[] = [];
  const first = await asked(own, names, options, async (of, name) => {
    const { repository, tag } = nameBelow(own, name);
    return (await of.digestOf(repository, tag)) !== undefined;
  });
  const isKept = (name: string): boolean => kept !== undefined && keeps(kept, nameBelow(own, name));
  const there = names.filter((name) => first.answers.get(name) ?? isKept(name));
  let missing = names.filter((name) => !there.includes(name));
  for (const cache of missing.length === 0 ? [] : caches) {
    const { answers, problem } = await asked(cache, missing, options, async (of, name) => {
      return await findImage(of, nameBelow(cache, name), platform);
    });
    if (problem !== undefined) warnings.push(`cache ${cache}: ${problem}`);
    for (const [name, image] of answers) {
      if (typeof image === "string") warnings.push(`cache ${cache}: ${name} is not taken: ${image}`);
      else if (image !== undefined) cached.push({ name, cache, image });
    }
    missing = missing.filter((name) => cached.every((found) => found.name !== name));
  }
  const official = await findOfficial(missing.filter(isAsItIs), mirror, platform, options);
  const taken = official.cached.map(({ name }) => name);
  return {
    there,
    cached: [...cached, ...official.cached],
    missing: missing.filter((name) => !taken.includes(name)),
    problem: first.problem,
    warnings: [...warnings, ...official.warnings],
  };
}

/** Official images that run as they are need no Docker engine: they are copied from their registry, by their digests. */
async function findOfficial(
  names: readonly string[],
  mirror: string | undefined,
  platform: string,
  options: RegistryOptions,
): Promise<Pick<FoundImages, "cached" | "warnings">> {
  const cached: CachedImage[] = [];
  const warnings: string[] = [];
  const ask = async (name: string): Promise<void> => {
    const place = digestPlace(name, mirror);
    if (place === undefined) return;
    try {
      const image = await findImage(new Registry(place.server, options), place, platform);
      if (typeof image === "object") cached.push({ name, cache: placeWords(place), image });
      else warnings.push(`${placeWords(place)}: ${place.tag} ${image ?? "is not there"}`);
    } catch (error) {
      if (options.signal?.aborted === true) throw error;
      warnings.push(`${placeWords(place)}: ${describeError(error)}`);
    }
  };
  const slot = limiter(PARALLEL_QUESTIONS);
  await Promise.all(names.map((name) => slot(() => ask(name))));
  return { cached: names.flatMap((name) => cached.filter((one) => one.name === name)), warnings };
}

/**
 * Asks whether this machine may push, before anything is built for it.
 * @param own A registry with the repository below.
 * @throws RegistryError naming the registry that refuses.
 */
export async function checkPush(own: string, image: string, options: RegistryOptions = {}): Promise<void> {
  const { server, repository } = nameBelow(own, image);
  await new Registry(server, options).checkPush(repository);
}

/** Asks one registry for each image, and no further once it could not be asked. */
async function asked<T>(
  prefix: string,
  names: readonly string[],
  options: RegistryOptions,
  ask: (registry: Registry, name: string) => Promise<T>,
): Promise<{ readonly answers: ReadonlyMap<string, T>; readonly problem: string | undefined }> {
  const registry = new Registry(prefix.replace(/\/.*/, ""), options);
  const answers = new Map<string, T>();
  let problem: string | undefined;
  const slot = limiter(PARALLEL_QUESTIONS);
  const one = async (name: string): Promise<void> => {
    if (problem !== undefined) return;
    try {
      answers.set(name, await ask(registry, name));
    } catch (error) {
      if (options.signal?.aborted === true) throw error;
      problem ??= describeError(error);
    }
  };
  await Promise.all(names.map((name) => slot(() => one(name))));
  return { answers, problem };
}

/** Whether a registry's folder has an image whole: its tag, its manifest, and every layer. */
function keeps(folder: string, { repository, tag }: ImageName): boolean {
  const root = join(folder, "docker", "registry", "v2");
  const blob = (digest: string): string => {
    const [algorithm = "", hex = ""] = digest.split(":");
    return join(root, "blobs", algorithm, hex.slice(0, 2), hex, "data");
  };
  try {
    const link = join(root, "repositories", repository, "_manifests", "tags", tag, "current", "link");
    const { config, layers } = JSON.parse(readFileSync(blob(readFileSync(link, "utf8").trim()), "utf8")) as {
      readonly config: { readonly digest: string };
      readonly layers: readonly { readonly digest: string }[];
    };
    return [config, ...layers].every(({ digest }) => existsSync(blob(digest)));
  } catch {
    return false;
  }
}

/**
 * Copies an image from a cache to where it is to be.
 * @param own A registry with the repository below.
 * @throws RegistryError naming the registry that refuses.
 */
export async function takeFromCache(
  { name, image }: CachedImage,
  own: string,
  report: (done: number, all: number) => void,
  options: RegistryOptions = {},
): Promise<void> {
  const target = nameBelow(own, name);
  await copyImage(image, new Registry(target.server, options), target, report);
}
