/** The folder for everything downloaded or built on the host. A partial result never looks complete. */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  createReadStream,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

/** `$MILLRACE_CACHE`, else `~/.cache/millrace`. */
export function cacheDir(...parts: string[]): string {
  const configured = process.env["MILLRACE_CACHE"];
  const root = configured === undefined || configured === "" ? join(homedir(), ".cache", "millrace") : configured;
  return join(root, ...parts);
}

/** Names a volume of the Docker engine that belongs to this folder of caches. */
function volumeOf(name: string): string {
  return `${name}-${createHash("sha256").update(cacheDir()).digest("hex").slice(0, 12)}`;
}

/** Docker volume with the downloads and builds of the tool chains. */
export const toolsVolume = (): string => volumeOf("millrace-tools");

/** Docker volume with the images of the embedded cluster's registry, where the engine does not see this folder. */
export const registryVolume = (): string => volumeOf("millrace-registry");

/** Place of a downloaded file, by its content. */
export function storedFile(sha256: string): string {
  return cacheDir("files", sha256);
}

/**
 * Makes a folder or file in one step: `make` writes below a temporary folder and returns what it wrote; only when it
 * has succeeded does that appear at `target`. Does nothing when `target` exists.
 */
export async function once(target: string, make: (temporary: string) => Promise<string>): Promise<string> {
  if (existsSync(target)) return target;
  const temporary = await temporaryDir(target);
  try {
    const made = await make(temporary);
    mkdirSync(dirname(target), { recursive: true });
    if (!existsSync(target)) renameSync(made, target);
    return target;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** A fresh folder in the cache, on the same file system as everything in it, for work that may be broken off. */
export async function temporaryDir(label: string): Promise<string> {
  mkdirSync(cacheDir("tmp"), { recursive: true });
  return await mkdtemp(cacheDir("tmp", `${label.replace(/^.*\//, "")}-`));
}

/** SHA-256 of a file in lower-case hex. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/**
 * Moves a downloaded file into the store.
 * @throws Error naming the artifact and both hashes when the file is not what the lock says; the file is deleted.
 */
export async function store(file: string, artifact: string, expected: string): Promise<string> {
  const actual = await sha256Of(file);
  if (actual !== expected) {
    rmSync(file, { force: true });
    throw new Error(
      `${artifact}: the downloaded file has SHA-256 ${actual}, the lock file says ${expected}. ` +
        "The registry or mirror serves another file than the one that was locked; check the mirror, " +
        "or lock the new file on purpose: node images/lock.ts",
    );
  }
  const target = storedFile(expected);
  mkdirSync(dirname(target), { recursive: true });
  renameSync(file, target);
  return target;
}

/** Gives a file a second place, without using disk twice where the file system allows. */
export function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Days after which something unused goes; downloads stay, as they cost the most to get again. */
const keptDays = { tmp: 1, contexts: 14, bases: 14, web: 14 } as const;

/** So many of each kind stay: what is used now, and what it would be without the last change. */
export const KEPT_OF_A_KIND = 2;
/** A run may still work with what was used this recently, whoever's it is. */
export const USED_MS = DAY_MS;

/** Something of which newer ones of the same kind may make an older one superfluous. */
export interface Aged {
  readonly kind: string;
  readonly name: string;
  /** When it was made or last used, in milliseconds since 1970. */
  readonly usedMs: number;
}

/** What goes: all but the last two of each kind, except what is in use or was used within a day. */
export function surplusOf<T extends Aged>(all: readonly T[], isInUse: (one: T) => boolean, now = Date.now()): T[] {
  return Object.values(Object.groupBy(all, ({ kind }) => kind)).flatMap((ofKind = []) =>
    ofKind
      .toSorted((left, right) => right.usedMs - left.usedMs)
      .slice(KEPT_OF_A_KIND)
      .filter((one) => !isInUse(one) && now - one.usedMs > USED_MS),
  );
}

/** Entries of a folder of the cache whose names end in a hash; those with the same words before it are of one kind. */
function entriesOf(folder: string): Aged[] {
  if (!existsSync(cacheDir(folder))) return [];
  // The short record of a base's packages outlives its file system: `npm run sources` reads it.
  const names = readdirSync(cacheDir(folder)).filter((file) => !file.endsWith(".packages"));
  return names.flatMap((name) => {
    const found = statSync(cacheDir(folder, name), { throwIfNoEntry: false });
    const kind = `${folder}/${name.replace(/[0-9a-f]{16}(\.\w+)?$/, "")}`;
    return found === undefined ? [] : [{ kind, name, usedMs: found.mtimeMs }];
  });
}

/**
 * Names in a folder of the cache that newer ones have made superfluous.
 * @param inUse Names that stay.
 */
export function surplusIn(folder: string, inUse: ReadonlySet<string>, now = Date.now()): string[] {
  return surplusOf(entriesOf(folder), ({ name }) => inUse.has(name), now).map(({ name }) => name);
}

/**
 * Removes what broken-off runs left, and contexts, bases and built pages that were not used for two weeks or that newer
 * ones have made superfluous.
 * @param inUse Names of contexts and bases that stay.
 */
export function sweepCache(inUse: ReadonlySet<string> = new Set(), now = Date.now()): void {
  for (const [folder, days] of Object.entries(keptDays)) {
    const old = entriesOf(folder).filter(({ name, usedMs }) => !inUse.has(name) && now - usedMs > days * DAY_MS);
    const surplus = folder === "tmp" ? [] : surplusIn(folder, inUse, now);
    for (const name of new Set([...old.map((entry) => entry.name), ...surplus])) {
      rmSync(cacheDir(folder, name), { recursive: true, force: true });
    }
  }
}

/** Marks something in the cache as used now. */
export function touch(path: string): void {
  const now = new Date();
  utimesSync(path, now, now);
}
