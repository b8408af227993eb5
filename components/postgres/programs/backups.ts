/** Backups of databases in a bucket: `<prefix><time>/<database>.dump`, and `backup.json` beside them when all are there. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Bucket } from "./bucket.ts";

/** Beside the dumps of a backup when all are there. */
export const MANIFEST = "backup.json";
const DUMP = ".dump";
/** What has no manifest after this time was broken off, in milliseconds. */
const BROKEN_OFF_MS = 24 * 60 * 60 * 1000;

const manifestSchema = z.object({
  databases: z.record(z.string(), z.object({ bytes: z.number().int().nonnegative(), sha256: z.string() })),
});

/** What a backup holds, by the database's name. */
export type Manifest = z.infer<typeof manifestSchema>;

/** @returns what a backup's list says; `undefined`: it is none */
export function readManifest(text: string): Manifest | undefined {
  try {
    return manifestSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Where backups are and who tells of them. */
export interface Backups {
  readonly bucket: Bucket;
  /** Begin of all keys, ends with a slash: `postgres/`. */
  readonly prefix: string;
  readonly log: (line: string) => void;
}

/** A backup's name from its time, sortable as text: `20261121T031700Z`. */
export function backupName(time: Date): string {
  return time.toISOString().replaceAll(/[-:]|\.\d+/g, "");
}

/** The time in a backup's name; `undefined` when it is none. */
export function backupTime(name: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(name);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** Names of the complete backups, oldest first. */
export async function completeBackups(backups: Backups): Promise<string[]> {
  return [...(await foldersOf(backups))].filter(([, files]) => files.includes(MANIFEST)).map(([name]) => name);
}

/**
 * Stores the dumps of a folder as one backup, reads every byte back, and only then removes backups beyond the newest `keep`.
 * @throws Error when there is nothing to store or when the bucket answers other bytes than it was given.
 */
export async function storeBackup(
  backups: Backups,
  args: { readonly folder: string; readonly time: Date; readonly keep: number },
): Promise<string> {
  const { bucket, prefix, log } = backups;
  const name = backupName(args.time);
  const files = (await readdir(args.folder)).filter((file) => file.endsWith(DUMP)).sort();
  if (files.length === 0) throw new Error(`there are no dumps in ${args.folder}`);
  // A store that refuses the key says so here; in the midst of an upload it only hangs up.
  if ((await foldersOf(backups)).has(name)) throw new Error(`there is a backup ${name} already; try again in a second`);
  const databases: Manifest["databases"] = {};
  for (const file of files) {
    const path = join(args.folder, file);
    const key = `${prefix}${name}/${file}`;
    const [{ size: bytes }, sha256] = [await stat(path), await hashOf(createReadStream(path))];
    await bucket.upload(key, path);
    const stored = await hashOf(await bucket.read(key));
    if (stored !== sha256) {
      throw new Error(
        `${bucket.where}/${key} reads back with SHA-256 ${stored}, but ${sha256} was sent; old backups stay`,
      );
    }
    databases[file.slice(0, -DUMP.length)] = { bytes, sha256 };
    log(`database ${file.slice(0, -DUMP.length)}: ${bytes} bytes stored and read back`);
  }
  await bucket.write(`${prefix}${name}/${MANIFEST}`, `${JSON.stringify({ databases } satisfies Manifest)}\n`);
  await prune(backups, args.time, args.keep);
  log(`backup ${name} is complete`);
  return name;
}

async function prune(backups: Backups, now: Date, keep: number): Promise<void> {
  const { bucket, prefix, log } = backups;
  const folders = await foldersOf(backups);
  const complete = [...folders].filter(([, files]) => files.includes(MANIFEST)).map(([name]) => name);
  const kept = new Set(complete.slice(-keep));
  for (const [name, files] of folders) {
    const age = now.getTime() - (backupTime(name)?.getTime() ?? now.getTime());
    if (kept.has(name) || (!complete.includes(name) && age < BROKEN_OFF_MS)) continue;
    // The manifest first: what is half removed must not look complete.
    const ordered = [...files.filter((file) => file === MANIFEST), ...files.filter((file) => file !== MANIFEST)];
    for (const file of ordered) await bucket.remove(`${prefix}${name}/${file}`);
    log(`backup ${name} is removed: ${complete.includes(name) ? `the newest ${keep} stay` : "it was broken off"}`);
  }
}

/**
 * Brings the dumps of one backup into a folder, checked against the backup's own list.
 * @param args.name A backup's name, or `latest`.
 * @param args.databases Names of databases. Empty: all that the backup has, but for those only restored by name.
 * @param args.onlyByName Databases that are left out unless `databases` has them.
 * @throws Error that lists the backups, or the backup's databases, when the one asked for is not among them.
 */
export async function fetchBackup(
  backups: Backups,
  args: {
    readonly name: string;
    readonly databases: readonly string[];
    readonly onlyByName: readonly string[];
    readonly folder: string;
  },
): Promise<void> {
  const { bucket, prefix, log } = backups;
  const complete = await completeBackups(backups);
  const name = args.name === "latest" ? complete.at(-1) : complete.find((candidate) => candidate === args.name);
  if (name === undefined) {
    const there = complete.length === 0 ? "there is none yet" : `there are ${complete.join(", ")}`;
    throw new Error(
      args.name === "latest"
        ? `there is no backup in ${bucket.where}/${prefix}`
        : `there is no backup "${args.name}" in ${bucket.where}/${prefix}; ${there}`,
    );
  }
  const manifest = manifestSchema.parse(JSON.parse(await textOf(await bucket.read(`${prefix}${name}/${MANIFEST}`))));
  const present = Object.keys(manifest.databases);
  const missing = args.databases.filter((database) => !present.includes(database));
  if (missing.length > 0) {
    throw new Error(`backup ${name} has no database ${missing.join(", ")}; it has ${present.join(", ")}`);
  }
  const byDefault = present.filter((database) => !args.onlyByName.includes(database));
  for (const database of args.databases.length === 0 ? byDefault : args.databases) {
    const path = join(args.folder, `${database}${DUMP}`);
    await bucket.download(`${prefix}${name}/${database}${DUMP}`, path);
    const wanted = manifest.databases[database]?.sha256;
    const found = await hashOf(createReadStream(path));
    if (found !== wanted) {
      throw new Error(
        `backup ${name} is damaged: ${database}${DUMP} has SHA-256 ${found}, stored was ${String(wanted)}`,
      );
    }
    log(`database ${database}: fetched from backup ${name}`);
  }
}

/** File names by backup, oldest backup first; what does not look like a backup is left alone. */
async function foldersOf({ bucket, prefix }: Backups): Promise<Map<string, string[]>> {
  const folders = new Map<string, string[]>();
  for (const key of (await bucket.list(prefix)).sort()) {
    const [name = "", file] = key.slice(prefix.length).split("/");
    if (file === undefined || backupTime(name) === undefined) continue;
    folders.set(name, [...(folders.get(name) ?? []), file]);
  }
  return folders;
}

async function hashOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of content) hash.update(chunk);
  return hash.digest("hex");
}

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
