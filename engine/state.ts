/** The state of a stack, in the official CLI's checkpoint format (version 3) and file-backend places. */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, open, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Crypter } from "./secrets.ts";
import { isObject, type Props, textOf } from "./values.ts";

/** One resource as a checkpoint holds it; secrets are in the clear while in memory. */
export interface ResourceState {
  urn: string;
  custom: boolean;
  type: string;
  id?: string;
  delete?: boolean;
  /** Deleted to make room for its replacement, which is not made yet. */
  pendingReplacement?: boolean;
  inputs?: Props;
  outputs?: Props;
  parent?: string;
  protect?: boolean;
  external?: boolean;
  dependencies?: string[];
  initErrors?: string[];
  provider?: string;
  propertyDependencies?: Record<string, string[]>;
  additionalSecretOutputs?: string[];
  customTimeouts?: Props;
  retainOnDelete?: boolean;
  deletedWith?: string;
  ignoreChanges?: string[];
  replaceOnChanges?: string[];
  created?: string;
  modified?: string;
}

export interface PendingOperation {
  resource: ResourceState;
  type: "creating" | "updating" | "deleting" | "reading";
}

export interface Snapshot {
  resources: ResourceState[];
  pending: PendingOperation[];
}

/** Places of a stack's files below a project's folder. */
export function statePaths(projectDir: string, project: string, stack: string) {
  const root = join(projectDir, ".pulumi");
  return {
    root,
    meta: join(root, "meta.yaml"),
    checkpoint: join(root, "stacks", project, `${stack}.json`),
    locks: join(root, "locks", "organization", project, stack),
  };
}

/** The checkpoint as stored, before secrets are opened. */
export interface StoredState {
  readonly salt?: string;
  readonly latest?: Props;
}

/** Reads a stack's checkpoint; a damaged one is refused, never taken for an empty stack. */
export async function readStored(file: string): Promise<StoredState> {
  if (!existsSync(file)) {
    if (existsSync(`${file}.bak`)) {
      throw new Error(
        `the state file ${file} is gone but its backup is there; put it back with: cp "${file}.bak" "${file}"`,
      );
    }
    return {};
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new Error(
      `the state file ${file} is damaged (${String(error)}); nothing was changed. ` +
        (existsSync(`${file}.bak`)
          ? `Restore the last good one with: cp "${file}.bak" "${file}"`
          : "There is no backup beside it; restore it from your own"),
      { cause: error },
    );
  }
  const version = isObject(parsed) ? parsed["version"] : undefined;
  if (version !== 3 || !isObject(parsed) || !isObject(parsed["checkpoint"])) {
    throw new Error(`the state file ${file} has version ${String(version)}; this engine reads version 3`);
  }
  const latest = parsed["checkpoint"]["latest"];
  if (!isObject(latest)) {
    return {};
  }
  const provider = latest["secrets_providers"];
  const type = isObject(provider) ? provider["type"] : undefined;
  if (type !== undefined && type !== "passphrase") {
    throw new Error(`the stack's secrets provider is "${textOf(type)}"; this engine knows "passphrase" only`);
  }
  const inner = isObject(provider) && isObject(provider["state"]) ? provider["state"]["salt"] : undefined;
  return typeof inner === "string" ? { salt: inner, latest } : { latest };
}

/** Opens the secrets of a stored checkpoint. */
export function openSnapshot(stored: StoredState, crypter: Crypter): Snapshot {
  const latest = stored.latest ?? {};
  const resources = (latest["resources"] ?? []) as ResourceState[];
  const pending = (latest["pending_operations"] ?? []) as PendingOperation[];
  const unseal = (resource: ResourceState) => crypter.unseal(resource) as ResourceState;
  return {
    resources: resources.map(unseal),
    pending: pending.map((operation) => ({ ...operation, resource: unseal(operation.resource) })),
  };
}

/** What was written of a resource, and as what it was written. */
interface Written {
  readonly as: ResourceState;
  readonly text: string;
}

/** Writes checkpoints: one at a time, by rename, with writes that wait for each other folded into one. */
export class StateWriter {
  readonly #file: string;
  readonly #stack: string;
  readonly #crypter: Crypter;
  readonly #snapshot: () => Snapshot;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #backedUp = false;
  readonly #texts = new WeakMap<ResourceState, Written>();
  readonly #pendingTexts = new WeakMap<ResourceState, Written>();

  constructor(file: string, stackPath: string, crypter: Crypter, snapshot: () => Snapshot) {
    this.#file = file;
    this.#stack = stackPath;
    this.#crypter = crypter;
    this.#snapshot = snapshot;
  }

  /** Resolves once a checkpoint that includes everything up to now is on disk. */
  save(): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#write().finally(() => (this.#running = undefined));
      return this.#running;
    }
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.save();
      });
    return this.#next;
  }

  async #write(): Promise<void> {
    const root = dirname(dirname(dirname(this.#file)));
    await mkdir(dirname(this.#file), { recursive: true });
    if (!existsSync(join(root, "meta.yaml"))) {
      await writeFile(join(root, "meta.yaml"), "version: 1\n");
    }
    if (!this.#backedUp) {
      this.#backedUp = true;
      if (existsSync(this.#file)) {
        await copyFile(this.#file, `${this.#file}.bak.tmp`);
        await rename(`${this.#file}.bak.tmp`, `${this.#file}.bak`);
      }
    }
    const text = this.#text(this.#snapshot());
    // One name: the lock keeps other writers out, and a killed run leaves no more than this behind.
    const temporary = `${this.#file}.tmp`;
    const handle = await open(temporary, "w", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, this.#file);
    const folder = await open(dirname(this.#file), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** The checkpoint, with its resources as they were last written unless they have changed. */
  #text({ resources, pending }: Snapshot): string {
    const time = new Date().toISOString();
    const latest = {
      manifest: { time, magic: magic(), version: manifestVersion },
      secrets_providers: { type: "passphrase", state: { salt: this.#crypter.state } },
      resources: [],
      ...(pending.length === 0 ? {} : { pending_operations: [] }),
      metadata: {},
    };
    const frame = JSON.stringify({ version: 3, checkpoint: { stack: this.#stack, latest } }, undefined, 4);
    const done = resources.map((resource) => this.#written(resource, this.#texts, line(4)));
    const begun = pending.map(({ resource, type }) => {
      const text = this.#written(resource, this.#pendingTexts, line(5));
      return `{${line(5)}"resource": ${text},${line(5)}"type": ${JSON.stringify(type)}${line(4)}}`;
    });
    return filled(filled(frame, "resources", done), "pending_operations", begun);
  }

  #written(resource: ResourceState, texts: WeakMap<ResourceState, Written>, indent: string): string {
    const known = texts.get(resource);
    if (known !== undefined && isAlike(known.as, resource)) return known.text;
    const text = JSON.stringify(this.#crypter.seal(resource), undefined, 4).replaceAll("\n", indent);
    texts.set(resource, { as: { ...resource }, text });
    return text;
  }
}

/** A new line of a checkpoint, so many levels deep. */
function line(level: number): string {
  return `\n${" ".repeat(4 * level)}`;
}

/** The frame of a checkpoint with the items of a list that is empty in it. */
function filled(frame: string, key: string, items: readonly string[]): string {
  const at = frame.lastIndexOf(`${line(3)}"${key}": []`);
  if (items.length === 0 || at < 0) return frame;
  const end = at + `${line(3)}"${key}": [`.length;
  return `${frame.slice(0, end)}${line(4)}${items.join(`,${line(4)}`)}${line(3)}${frame.slice(end)}`;
}

/** Whether a resource's own fields are what they were: whoever changes one gives it another value. */
function isAlike(one: ResourceState, other: ResourceState): boolean {
  const keys = Object.keys(other) as (keyof ResourceState)[];
  return keys.length === Object.keys(one).length && keys.every((key) => one[key] === other[key]);
}

/** The CLI version whose format is written; the CLI checks `magic` against it. */
const manifestVersion = "v3.259.0";

function magic(): string {
  return createHash("sha256").update(manifestVersion).digest("hex");
}
