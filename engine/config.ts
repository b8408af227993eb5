/** Reads `Pulumi.yaml` and `Pulumi.<stack>.yaml` into what a program gets as its configuration. */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import type { Crypter } from "./secrets.ts";
import { isObject, type Props } from "./values.ts";

export interface Project {
  readonly name: string;
  /** Program file or folder, relative to the project's folder. */
  readonly main: string;
}

export interface StackConfig {
  readonly values: Readonly<Props>;
  readonly salt?: string;
}

/** Plain texts by `namespace:key`, and which of them are secret. */
export interface ProgramConfig {
  readonly values: Record<string, string>;
  readonly secretKeys: string[];
}

/** What the program is run with. */
export interface Program {
  readonly projectDir: string;
  readonly project: Project;
  readonly stack: string;
  readonly preview: boolean;
  readonly parallel: number;
  readonly config: ProgramConfig;
  readonly env: Readonly<Record<string, string>>;
}

export async function readProject(projectDir: string): Promise<Project> {
  const file = join(projectDir, "Pulumi.yaml");
  if (!existsSync(file)) {
    throw new Error(`no Pulumi.yaml in ${projectDir}; run this in the folder of the project`);
  }
  const yaml: unknown = parse(await readFile(file, "utf8"));
  const name = isObject(yaml) ? yaml["name"] : undefined;
  if (typeof name !== "string" || !isObject(yaml)) {
    throw new Error(`${file} has no "name"`);
  }
  return { name, main: typeof yaml["main"] === "string" ? yaml["main"] : "." };
}

/** A stack without a file has an empty configuration. */
export async function readStackConfig(projectDir: string, stack: string): Promise<StackConfig> {
  if (!/^[\w.-]{1,100}$/.test(stack)) {
    throw new Error(`"${stack}" is not a stack name; letters, digits, ".", "_" and "-" are allowed, at most 100`);
  }
  const file = join(projectDir, `Pulumi.${stack}.yaml`);
  if (!existsSync(file)) {
    return { values: {} };
  }
  const yaml: unknown = parse(await readFile(file, "utf8")) ?? {};
  if (!isObject(yaml)) {
    throw new Error(`${file} is not a mapping`);
  }
  const values = isObject(yaml["config"]) ? yaml["config"] : {};
  const salt = yaml["encryptionsalt"];
  return typeof salt === "string" ? { values, salt } : { values };
}

/** Resolves `secure:` values, at the top and inside objects; a key without a namespace is the project's. */
export function programConfig(project: string, values: Readonly<Props>, crypter: Decrypter): ProgramConfig {
  const result: ProgramConfig = { values: {}, secretKeys: [] };
  for (const [key, value] of Object.entries(values)) {
    const full = key.includes(":") ? key : `${project}:${key}`;
    const { plain, secretPaths } = openSecure(value, crypter);
    result.values[full] = typeof plain === "string" ? plain : JSON.stringify(plain);
    if (secretPaths.length > 0) {
      result.secretKeys.push(full);
    }
  }
  return result;
}

type Decrypter = Pick<Crypter, "decrypt">;

/** Whether any value of the configuration is sealed; if none is, the salt of the stack's file means nothing. */
export function isSealed(values: Readonly<Props>): boolean {
  return Object.values(values).some((value) => openSecure(value, { decrypt: () => "" }).secretPaths.length > 0);
}

/** A value of the configuration with its `secure:` values in the clear, and where those are. */
export function openSecure(value: unknown, crypter: Decrypter): { plain: unknown; secretPaths: string[][] } {
  const secretPaths: string[][] = [];
  const open = (part: unknown, path: readonly string[]): unknown => {
    if (Array.isArray(part)) {
      return part.map((item, index) => open(item, [...path, String(index)]));
    }
    if (!isObject(part)) {
      return part;
    }
    if (typeof part["secure"] === "string" && Object.keys(part).length === 1) {
      secretPaths.push([...path]);
      return crypter.decrypt(part["secure"]);
    }
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, open(item, [...path, key])]));
  };
  return { plain: open(value, []), secretPaths };
}
