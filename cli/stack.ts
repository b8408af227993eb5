/** One stack as the commands need it: its checked config, its target's profile, and what the engine is given. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

import { parse } from "yaml";

import { DEFAULT_NAME } from "../clusters/embedded/container-spec.ts";
import type { TargetProfile } from "../clusters/profile.ts";
import { targetProfile } from "../clusters/targets.ts";
import { loadConfig, type PlatformConfig } from "../config/index.ts";
import { type Profile, profiles, servicesOf } from "../config/profiles.ts";
import { openSecure } from "../engine/config.ts";
import { Crypter } from "../engine/secrets.ts";
import type { EngineOptions } from "../engine/types.ts";
import { componentTypes } from "../platform/names.ts";
import { nearest } from "../platform/nearest.ts";
import { type EmbeddedChoice, nameInFile, overlayChoice, rememberedChoice } from "./embedded-choice.ts";
import { messageOf, UserError } from "./errors.ts";
import type { Engine } from "./engine.ts";
import type { StackArgs } from "./options.ts";
import { findPassphrase } from "./passphrase.ts";
import { hasState } from "./owner.ts";
import { projectDir, stateDir } from "./paths.ts";

export interface Stack {
  readonly name: string;
  readonly config: PlatformConfig;
  readonly profile: TargetProfile;
  /** Whether `--profile` or the stack's file names the set of services; else it is the default one. */
  readonly namesProfile: boolean;
  /** What `--target`, `--profile` and `--name` lay over the stack's config, for this run only. */
  readonly overrides: Readonly<Record<string, string>>;
}

/**
 * Reads `Pulumi.<stack>.yaml`, lays `--target` and `--profile` over it and checks everything at once.
 * @throws UserError when the file is missing or no YAML.
 * @throws ConfigError with every problem of the config.
 */
export function readStack(args: StackChoice, folder = projectDir): Stack {
  const { raw, salt } = readConfigValues(args.stack, folder);
  const overrides: Record<string, string> = {};
  if (args.target !== undefined) {
    const cluster = overlayTarget(raw["millrace:cluster"], args.target);
    raw["millrace:cluster"] = cluster;
    overrides["millrace:cluster"] = JSON.stringify(cluster);
  }
  const choice = choiceFor(args, raw["millrace:cluster"], folder);
  if (choice !== undefined) {
    const cluster = overlayChoice(raw["millrace:cluster"], choice);
    raw["millrace:cluster"] = cluster;
    overrides["millrace:cluster"] = JSON.stringify(cluster);
  }
  if (args.profile !== undefined) {
    raw["millrace:profile"] = args.profile;
    overrides["millrace:profile"] = args.profile;
  }
  const { plain, secretPaths } = openValues(raw, salt, args.stack, folder);
  const config = loadConfig(plain, `Pulumi.${args.stack}.yaml`, secretPaths);
  const namesProfile = (raw["millrace:profile"] ?? "") !== "";
  return { name: args.stack, config, profile: targetProfile(config.cluster), namesProfile, overrides };
}

/** The embedded cluster that `--name` names, else the one that is remembered where the stack's file names none. */
function choiceFor(args: StackChoice, cluster: unknown, folder: string): EmbeddedChoice | undefined {
  const target = typeof cluster === "object" && cluster !== null && "target" in cluster ? cluster.target : "embedded";
  if (target !== "embedded") {
    if (args.name === undefined) return undefined;
    throw new UserError(`--name names an embedded cluster, and the target is ${String(target)}; leave it out`);
  }
  const last = rememberedChoice(args.stack, folder);
  if (args.choice !== undefined) return args.choice;
  if (args.name !== undefined) return last?.name === args.name ? last : { name: args.name };
  return nameInFile(cluster) === undefined &&
    (last?.ports !== undefined || (last?.name ?? DEFAULT_NAME) !== DEFAULT_NAME)
    ? last
    : undefined;
}

/**
 * @throws UserError when the stack is on another embedded cluster than the one that it names now: bringing up or taking
 * down that one would leave the other behind.
 */
export function refuseMovedCluster(stack: Pick<Stack, "name" | "config">, folder = projectDir): void {
  const { target, embedded } = stack.config.cluster;
  if (target !== "embedded" || !hasState(stack.name, folder)) return;
  const last = rememberedChoice(stack.name, folder)?.name ?? DEFAULT_NAME;
  if (last === embedded.name) return;
  throw new UserError(
    `stack ${stack.name} is on the embedded cluster "${last}", not on "${embedded.name}"; nothing was changed. Continue with --name ` +
      `${last}, or take it down first: npm run down -- --name ${last}. For a second platform in this clone, create another stack: copy ` +
      `Pulumi.${stack.name}.yaml to Pulumi.<stack>.yaml, then npm run up -- --stack <stack> --name ${embedded.name}`,
  );
}

/** The component whose inputs remember the profile, the first that a deploy records. */
const PROFILE_KEEPER = "PlatformNamespace";

/** What the state has recorded of a component, also under its former type. */
export async function recordedInputs(
  engine: Pick<Engine, "recorded">,
  stack: Stack,
  component: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  for (const type of componentTypes(component)) {
    const inputs = await engine.recorded(engineOptions(stack, false), type);
    if (inputs !== undefined) return inputs;
  }
  return undefined;
}

/**
 * The stack with the profile of its last `up`, where neither `--profile` nor the file names one: leaving an option out
 * must not remove services and their data. `note` says so in one line, and also what a smaller profile removes.
 * @throws Error when the state can't be read: then nobody knows what would be removed.
 */
export async function readStackAsBefore(
  args: StackChoice,
  engine: Pick<Engine, "recorded">,
  folder = projectDir,
): Promise<{ readonly stack: Stack; readonly note: string | undefined }> {
  const stack = readStack(args, folder);
  const recorded = (await recordedInputs(engine, stack, PROFILE_KEEPER))?.["profile"];
  const last: Profile | undefined = profiles.find((name) => name === recorded);
  const now = stack.config.profile;
  if (last === undefined || last === now) return { stack, note: undefined };
  if (!stack.namesProfile) {
    const note = `profile ${last}, as in the last up; --profile ${now} goes back`;
    return { stack: readStack({ ...args, profile: last }, folder), note };
  }
  const kept = servicesOf(now);
  const goes = servicesOf(last).some((service) => !kept.includes(service));
  return { stack, note: goes ? leaving(last, now) : undefined };
}

/**
 * The stack as its last `up` has left it, for commands that only look. Where the state can't be read it is as the file has it, and `trouble`
 * says why.
 */
export async function readStackAsItRuns(
  args: StackChoice,
  engine: Pick<Engine, "recorded">,
  folder = projectDir,
): Promise<{ readonly stack: Stack; readonly trouble: string | undefined }> {
  try {
    return { stack: (await readStackAsBefore(args, engine, folder)).stack, trouble: undefined };
  } catch (error) {
    const stack = readStack(args, folder);
    const { profile } = stack.config;
    const trouble = `the state of the last up can't be read, so profile ${profile} is taken for what runs: ${messageOf(error)}`;
    return { stack, trouble };
  }
}

function leaving(last: Profile, now: Profile): string {
  return `profile ${now} after ${last}: services that only ${last} has are removed; their claims stay until npm run down`;
}

type StackChoice = Pick<StackArgs, "stack" | "target"> &
  Partial<Pick<StackArgs, "profile" | "name">> & {
    /** The embedded cluster as an `up` has chosen it. @default - as `name` says, else as it was */
    readonly choice?: EmbeddedChoice | undefined;
  };

/** What any cluster has; the rest of `millrace:cluster` belongs to the target in the file. */
const commonKeys = ["namespace", "nodePorts", "embedded"];

/** The cluster settings with another target. */
export function overlayTarget(cluster: unknown, target: string): Record<string, unknown> {
  const given = typeof cluster === "object" && cluster !== null ? (cluster as Record<string, unknown>) : {};
  if (given["target"] === target) return given;
  const common = Object.entries(given).filter(([key]) => commonKeys.includes(key));
  return { ...Object.fromEntries(common), target };
}

/** The values as the program gets them: those that `pulumi config set --secret` has sealed are in the clear. */
function openValues(
  raw: Readonly<Record<string, unknown>>,
  salt: unknown,
  stack: string,
  folder: string,
): { readonly plain: Record<string, unknown>; readonly secretPaths: string[][] } {
  let crypter: Crypter | undefined;
  const decrypt = (sealed: string): string => {
    if (typeof salt !== "string") throw new Error("`encryptionsalt`, which sealed them, is missing");
    crypter ??= Crypter.openSync(findPassphrase(join(folder, basename(stateDir)), false).value, salt);
    return crypter.decrypt(sealed);
  };
  const plain: Record<string, unknown> = {};
  const secretPaths: string[][] = [];
  for (const [key, value] of Object.entries(raw)) {
    if (!key.startsWith("millrace:")) continue;
    try {
      const opened = openSecure(value, { decrypt });
      plain[key] = opened.plain;
      secretPaths.push(...opened.secretPaths.map((path) => [key.slice("millrace:".length), ...path]));
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`Pulumi.${stack}.yaml has secret values in ${key} that can't be opened: ${messageOf(error)}`);
    }
  }
  return { plain, secretPaths };
}

/** Secret values of a stack's file, opened. @throws UserError where they can't be */
export function secretValues(args: Pick<StackArgs, "stack">, folder = projectDir): string[] {
  const { raw, salt } = readConfigValues(args.stack, folder);
  const { plain, secretPaths } = openValues(raw, salt, args.stack, folder);
  return secretPaths.flatMap(([key = "", ...path]) => {
    let value: unknown = plain[`millrace:${key}`];
    for (const step of path) value = (value as Readonly<Record<string, unknown>> | undefined)?.[step];
    return typeof value === "string" ? [value] : [];
  });
}

/** The values and the salt as they are in the stack's file. */
function readConfigValues(stack: string, folder: string): { raw: Record<string, unknown>; salt: unknown } {
  const file = join(folder, `Pulumi.${stack}.yaml`);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new UserError(missingStack(stack, folder));
  }
  try {
    const document = parse(text) as { config?: unknown; encryptionsalt?: unknown } | null;
    const config = document?.config ?? {};
    if (typeof config !== "object") throw new Error("`config` is not a set of keys");
    return { raw: { ...(config as Record<string, unknown>) }, salt: document?.encryptionsalt };
  } catch (error) {
    throw new UserError(`Pulumi.${stack}.yaml is not valid YAML: ${messageOf(error)}`);
  }
}

/** That a stack has no file, with those that have one. */
function missingStack(stack: string, folder: string): string {
  const names = readdirSync(folder)
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
  const near = nearest(stack, names);
  const there = near === undefined ? `the stacks here are ${names.join(", ") || "none"}.` : `did you mean ${near}?`;
  return (
    `there is no stack "${stack}": Pulumi.${stack}.yaml is missing; ${there} ` +
    `To make it, copy Pulumi.${names.includes("dev") ? "dev" : (names[0] ?? "<stack>")}.yaml to it`
  );
}

/** What any engine run on this stack is given. */
export function engineOptions(stack: Stack, keepPassphrase: boolean): EngineOptions {
  return {
    projectDir,
    stack: stack.name,
    passphrase: findPassphrase(stateDir, keepPassphrase).value,
    configOverrides: stack.overrides,
  };
}
