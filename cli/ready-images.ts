/** Makes the platform's images ready for a deploy: what the stack's registry has stays, what a cache has is copied, the rest is prepared. */
import { cachesOf, wantedImages } from "../config/images.ts";
import { type CachedImage, checkPush, findImages, type FoundImages, ownPrefix, takeFromCache } from "../images/find.ts";
import { prepareContexts } from "../images/index.ts";
import { imagesToBuild } from "../images/wanted.ts";
import { describeError } from "../platform/describe-error.ts";
import type { RegistryOptions } from "../platform/registry/registry.ts";
import { registryFolder } from "./cluster.ts";
import type { Engine } from "./engine.ts";
import { architectureMismatch } from "./engine-architecture.ts";
import { UserError } from "./errors.ts";
import { isStopped } from "./interrupt.ts";
import { duringEach, type Progress } from "./progress.ts";
import type { Stack } from "./stack.ts";
import { bytes } from "./table.ts";

export interface ReadyImagesArgs {
  readonly stack: Pick<Stack, "config" | "profile">;
  readonly engine: Pick<Engine, "name">;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Settled when the cluster is there, and with it a registry that is part of it; whether it came up. */
  readonly registryRuns: Promise<boolean>;
  /** Prepares the build contexts of images. @default - downloads and compiles what they need */
  readonly prepare?: typeof prepareContexts;
  /** Says that what the Docker engine builds is not for the nodes. @default - asks it */
  readonly mismatch?: typeof architectureMismatch;
}

/**
 * Looks for each wanted image before anything is prepared.
 * @throws Error of the first image that could not be prepared.
 */
export async function readyImages(args: ReadyImagesArgs): Promise<void> {
  const { stack, engine, progress, signal, prepare = prepareContexts, mismatch = architectureMismatch } = args;
  const { registry, target, platform } = stack.profile;
  const { mirror } = stack.config.images;
  const wanted = imagesToBuild(wantedImages(stack.config));
  if (wanted.length === 0) return;
  const prepareAll = async (names: readonly string[]): Promise<void> => {
    if (names.length > 0) await duringEach(progress, (report) => prepare(names, report, signal, { mirror, platform }));
  };
  // The official provider reads every build context, and builds whatever a registry has.
  if (engine.name === "pulumi" || registry === undefined) {
    await prepareAll(wanted);
    return;
  }
  const kept = registryFolder(stack.profile);
  const caches = cachesOf(stack.config);
  const step = progress.step("images");
  const own = ownPrefix(registry.push);
  const found = await findImages(wanted, { own, kept, caches, mirror, platform }, { signal }).catch(
    (error: unknown) => {
      step.failed();
      throw error;
    },
  );
  step.done(renderFound(found, registry.push));
  // A registry of this machine runs once its cluster does.
  const silent =
    found.problem === undefined || target === "embedded" ? [] : [`registry ${registry.push}: ${found.problem}`];
  for (const warning of [...silent, ...found.warnings]) progress.log(`${warning}; what it may have is built`);
  const [lacking] = wanted.filter((name) => !found.there.includes(name));
  // The embedded cluster's own registry comes with the cluster, and takes everything.
  if (lacking !== undefined && target !== "embedded" && found.problem === undefined) {
    await checkPush(own, lacking, { signal }).catch((error: unknown) => {
      throw new UserError(`registry ${registry.push}: ${describeError(error)}`, { cause: error });
    });
  }
  const wrongEngine = found.missing.length === 0 ? undefined : await mismatch(platform);
  if (wrongEngine !== undefined) {
    const images = found.missing.join(", ");
    throw new UserError(`images ${images}: ${wrongEngine}, or name a cache that has them (millrace:images.caches)`);
  }
  const copied = copyAll(found.cached, args).then(prepareAll);
  const settled = await Promise.allSettled([prepareAll(found.missing), copied]);
  for (const one of settled) if (one.status === "rejected") throw one.reason;
}

/** Copies images from caches, and answers which could not be copied. */
async function copyAll(cached: readonly CachedImage[], args: ReadyImagesArgs): Promise<string[]> {
  const { stack, progress, signal, registryRuns } = args;
  const registry = stack.profile.registry?.push;
  if (cached.length === 0 || registry === undefined || !(await registryRuns)) return [];
  const failed: string[] = [];
  for (const one of cached) {
    if (isStopped(signal)) break;
    try {
      await copyFromCache(one, ownPrefix(registry), progress, { signal });
    } catch (error) {
      if (isStopped(signal)) break;
      progress.log(`cache ${one.cache}: ${one.name} can't be copied (${describeError(error)}); it is built`);
      failed.push(one.name);
    }
  }
  return failed;
}

/**
 * Copies an image from a cache, and shows how far it is.
 * @param own A registry with the repository below.
 * @throws RegistryError naming the registry that refuses.
 */
export async function copyFromCache(
  one: CachedImage,
  own: string,
  progress: Progress,
  options: RegistryOptions,
): Promise<void> {
  const step = progress.step(`image ${one.name}`);
  let size = 0;
  const report = (done: number, all: number): void => {
    size = all;
    step.detail(`${bytes(done)} of ${bytes(all)} from ${one.cache}`);
  };
  try {
    await takeFromCache(one, own, report, options);
    step.done(`copied from ${one.cache} (${bytes(size)})`);
  } catch (error) {
    step.failed();
    throw error;
  }
}

/** What was found where, in one line. */
export function renderFound({ there, cached, missing }: FoundImages, registry: string): string {
  const parts = there.length === 0 ? [] : [`${there.length} in ${registry}`];
  for (const cache of new Set(cached.map((one) => one.cache))) {
    parts.push(`${cached.filter((one) => one.cache === cache).length} in ${cache}`);
  }
  if (missing.length > 0) parts.push(`to build: ${missing.join(", ")}`);
  return parts.join("; ");
}
