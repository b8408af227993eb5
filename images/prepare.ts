/** Makes everything that `docker build` needs, in parallel: downloads, compiled programs, base images, contexts. */
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir, once, sweepCache, touch } from "../platform/images/cache.ts";
import type { Assemble } from "../platform/images/context.ts";
import { filesBelow, repositoryDir } from "../platform/images/files.ts";
import { ensureBase } from "./debian.ts";
import { seedReference } from "../platform/images/debian/seed-reference.ts";
import { fetchMaven } from "../platform/images/maven.ts";
import { parseMavenLock, readLock } from "../platform/images/lock-files.ts";
import {
  baseNames,
  baseOf,
  compiledImages,
  imageFolder,
  imageNames,
  imageTag,
  lockedUpstreamNames,
  sourceFolders,
  upstreamNames,
} from "./tags.ts";
import { pullBase, type UpstreamPlaces } from "./upstream.ts";
import { withTimeLeft } from "../platform/images/past-runs.ts";
import { limiter, type Work } from "../platform/images/work.ts";

/** Told what is being done (`image spark`) and how far it is (`12 of 30 jars`). */
export type Progress = (step: string, detail: string) => void;

/** Downloads run side by side up to this number; a compiler on top of them keeps two cores busy. */
const PARALLEL_IMAGES = 4;

/**
 * Prepares the build contexts of images and the local bases that they need. What is there already is left as it is; a
 * run that was broken off is taken up where it stopped.
 * @param signal ends the work; what is whole stays.
 * @param upstream Where official images are pulled from.
 * @throws Error of the first piece of work that failed; the others are stopped.
 */
export async function prepareContexts(
  names: readonly string[],
  progress: Progress,
  signal?: AbortSignal,
  upstream: UpstreamPlaces = {},
): Promise<void> {
  const abort = new AbortController();
  const ended = signal === undefined ? abort.signal : AbortSignal.any([abort.signal, signal]);
  const slot = limiter(PARALLEL_IMAGES);
  const failures: unknown[] = [];
  const start = async (step: string, name: string, job: (work: Work) => Promise<boolean>): Promise<void> => {
    const report = (detail: string): void => {
      progress(step, detail);
    };
    const began = Date.now();
    try {
      const didSomething = await withTimeLeft({ step, folder: imageFolder(name) }, report, (tell) =>
        job({ report: tell, signal: ended }),
      );
      report(didSomething ? `ready in ${String(Math.round((Date.now() - began) / 1000))} s` : "ready");
    } catch (error) {
      failures.push(error);
      abort.abort();
    }
  };
  sweepCache(namesInUse());
  const wanted = [...imageNames, ...upstreamNames].filter((name) => names.includes(name));
  await Promise.all([
    ...[...new Set(wanted.flatMap((name) => baseOf(name) ?? []))].map((base) =>
      start(`base image ${base}`, base, (work) => ensureBase(base, work)),
    ),
    ...wanted
      .filter((name) => baseOf(name) === undefined)
      .map((name) => start(`official image of ${name}`, name, (work) => pullBase(name, upstream, work))),
    // The compiler takes longest: it starts at once and takes no turn from the downloads.
    ...wanted.map((name) =>
      start(`image ${name}`, name, (work) =>
        compiledImages.includes(name) ? prepareContext(name, work) : slot(() => prepareContext(name, work)),
      ),
    ),
  ]);
  if (failures.length > 0) throw failures[0];
}

/** Names in the cache of every context and base of this version. */
export function namesInUse(): ReadonlySet<string> {
  return new Set([
    ...[...imageNames, ...lockedUpstreamNames()].map((name) => `${name}-${imageTag(name)}`),
    ...baseNames.map((name) => `${name}-${imageTag(name)}.tar`),
    `${seedReference().replace(/^.*\//, "").replace(":", "-")}.tar`,
  ]);
}

async function prepareContext(name: string, work: Work): Promise<boolean> {
  const target = cacheDir("contexts", `${name}-${imageTag(name)}`);
  if (existsSync(target)) {
    touch(target);
    return false;
  }
  await once(target, async (context) => {
    const folder = imageFolder(name);
    const source = join(repositoryDir, folder);
    for (const file of filesBelow(repositoryDir, folder)) {
      copyTo(join(repositoryDir, file), join(context, file.slice(`${folder}/`.length)));
    }
    const lockFile = join(source, "maven.lock");
    const maven = parseMavenLock(readLock(lockFile), lockFile);
    if (maven.length > 0) await fetchMaven(maven, work);
    work.report("putting the build context together");
    const { default: assemble } = (await import(join(source, "context.ts"))) as { default: Assemble };
    await assemble({ ...work, source, sources: sourceFolders(name), context, maven });
    return context;
  });
  return true;
}

function copyTo(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}
