/**
 * What the official CLI gets in place of the stack's tracked file, which it would rewrite: a copy in a folder that goes
 * with the run. A stack that is not there yet is made from this folder, too.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { parse, stringify } from "yaml";

import { isSealed } from "../engine/config.ts";
import { isDead, readHolder, thisHolder } from "../engine/lock.ts";
import type { EngineOptions } from "../engine/types.ts";

type Wanted = Pick<EngineOptions, "projectDir" | "stack" | "configOverrides">;
type Environment = Readonly<Record<string, string | undefined>>;
type Json = Record<string, unknown>;

export interface PulumiWorkspace {
  readonly folder: string;
  /** The copy of the stack's file; the CLI may write a salt into it. */
  readonly configFile: string;
  remove(): void;
}

const prefix = join(tmpdir(), "millrace-pulumi-");
/** Whose the folder is: a run that is killed leaves it to the next. */
const holderFile = "holder.json";

/**
 * A folder with copies of `Pulumi.yaml` and of the stack's file. The copy has the overrides in it (`pulumi --config
 * key=value` would write them to the stack's file) and the salt that the CLI is to use. Those of dead runs are removed.
 * @param stateSalt The salt of the stack's state. @default - the stack is new
 */
export async function makeWorkspace(options: Wanted, stateSalt?: string): Promise<PulumiWorkspace> {
  await removeAbandoned();
  const { projectDir, stack, configOverrides = {} } = options;
  const name = `Pulumi.${stack}.yaml`;
  const document = readYaml(join(projectDir, name));
  const config: Json = { ...object(document["config"]) };
  for (const [key, value] of Object.entries(configOverrides)) {
    config[key] = /^[[{]/.test(value) ? (JSON.parse(value) as unknown) : value;
  }
  // The file's own salt counts where something is sealed with it; else the state's, so that the state keeps its one salt.
  const { encryptionsalt, ...rest } = document;
  const salt = isSealed(config) ? encryptionsalt : stateSalt;
  const folder = mkdtempSync(prefix);
  writeFileSync(join(folder, holderFile), JSON.stringify(await thisHolder()));
  const configFile = join(folder, name);
  writeFileSync(configFile, stringify({ ...rest, ...(salt === undefined ? {} : { encryptionsalt: salt }), config }), {
    mode: 0o600,
  });
  writeFileSync(join(folder, "Pulumi.yaml"), stringify(readYaml(join(projectDir, "Pulumi.yaml"))));
  return {
    folder,
    configFile,
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function removeAbandoned(): Promise<void> {
  const folders = readdirSync(tmpdir()).map((name) => join(tmpdir(), name));
  for (const folder of folders.filter((name) => name.startsWith(prefix))) {
    const holder = await readHolder(join(folder, holderFile));
    if (holder !== undefined && (await isDead(holder))) rmSync(folder, { recursive: true, force: true });
  }
}

/** The backend as it is reached from any folder: `$PULUMI_BACKEND_URL`, else the project's; `undefined` where the CLI chooses. */
export function backendUrl(projectDir: string, env: Environment = process.env): string | undefined {
  const fromEnv = env["PULUMI_BACKEND_URL"];
  const url =
    fromEnv === undefined || fromEnv === ""
      ? object(readYaml(join(projectDir, "Pulumi.yaml"))["backend"])["url"]
      : fromEnv;
  if (typeof url !== "string") return undefined;
  const [, relative, query = ""] = /^file:\/\/(\.{1,2}(?:\/[^?]*)?)(\?.*)?$/.exec(url) ?? [];
  return relative === undefined ? url : `file://${resolve(projectDir, relative)}${query}`;
}

/** Whether the backend is a folder without any state, so that not even asking for a stack need make one. */
export function isEmptyBackend(url: string | undefined): boolean {
  const folder = /^file:\/\/(\/[^?]*)/.exec(url ?? "")?.[1];
  return folder !== undefined && !existsSync(join(folder, ".pulumi"));
}

function readYaml(file: string): Json {
  try {
    return object(parse(readFileSync(file, "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
