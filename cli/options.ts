/** Command lines: each command states its options once; unknown ones are answered with the nearest known. */
import { parseArgs } from "node:util";

import { targets, type Target } from "../clusters/profile.ts";
import { checkName } from "./embedded-choice.ts";
import { UserError } from "./errors.ts";
import { nearest } from "../platform/nearest.ts";
import { type Profile, profiles } from "../config/profiles.ts";

export interface OptionSpec {
  readonly type: "string" | "boolean";
  /** One line for `--help`. */
  readonly help: string;
  /** What the value is, for `--help`: `--stack <name>`. */
  readonly value?: string;
  /** Values that are allowed. @default - any */
  readonly choices?: readonly string[];
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;
export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

export const engines = ["pulumi", "local"] as const;
export type EngineName = (typeof engines)[number];

/** Options that every command takes that works on a stack. */
export const stackOptions = {
  stack: { type: "string", value: "name", help: "use the stack Pulumi.<name>.yaml (default: dev)" },
  target: {
    type: "string",
    value: "target",
    choices: targets,
    help: "kind of cluster, overrides the stack's cluster.target",
  },
  profile: {
    type: "string",
    value: "profile",
    choices: profiles,
    help: "set of services, overrides the stack's millrace:profile (default: that of the last up)",
  },
  name: {
    type: "string",
    value: "cluster",
    help: "use the embedded cluster of this name, on its own ports; later runs keep using it (default: that of the last up)",
  },
  json: { type: "boolean", help: "print one JSON document to stdout; progress goes to stderr" },
} as const satisfies OptionSpecs;

export const engineOption = {
  engine: {
    type: "string",
    value: "engine",
    choices: engines,
    help: "`pulumi` (the official CLI) or `local` (default: pulumi if it is on the PATH)",
  },
} as const satisfies OptionSpecs;

/** For commands that take something away for good. */
export const yesOption = {
  yes: { type: "boolean", help: "do not ask for confirmation; required without a terminal if data would be lost" },
} as const satisfies OptionSpecs;

/** What the shared options of a command line mean. */
export interface StackArgs {
  readonly stack: string;
  readonly target: Target | undefined;
  readonly profile: Profile | undefined;
  /** Name of the embedded cluster. */
  readonly name: string | undefined;
  readonly json: boolean;
  readonly engine: EngineName | undefined;
}

/** Picks the shared options out of parsed values. */
export function stackArgs(values: OptionValues): StackArgs {
  const stack = text(values, "stack") ?? "dev";
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(stack)) {
    throw new UserError(`--stack "${stack}" is not a stack name; use letters, digits, "-", "_" and "."`);
  }
  const name = text(values, "name");
  if (name !== undefined) checkName(name);
  return {
    stack,
    name,
    target: targets.find((name) => name === values["target"]),
    profile: profiles.find((name) => name === values["profile"]),
    json: values["json"] === true,
    engine: engines.find((name) => name === values["engine"]),
  };
}

/** The text of an option, `undefined` when it was not given. */
export function text(values: OptionValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

/**
 * Reads a command line.
 * @throws UserError on an unknown option, a missing value, a value that is not allowed or a stray word.
 */
export function parseOptions(command: string, args: readonly string[], specs: OptionSpecs): OptionValues {
  const known: Record<string, { type: "string" | "boolean" }> = { help: { type: "boolean" } };
  for (const [name, spec] of Object.entries(specs)) known[name] = { type: spec.type };
  const { values, tokens } = parseArgs({ args: [...args], options: known, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === "positional") {
      throw new UserError(
        `${command}: "${token.value}" is not an option; it takes ${listOf(specs)}. See npm run ${command} -- --help`,
      );
    }
    if (token.kind === "option") checkToken(command, token.name, token.rawName, token.value, specs);
  }
  return values;
}

function checkToken(command: string, name: string, raw: string, value: string | undefined, specs: OptionSpecs): void {
  if (name === "help") return;
  const spec = specs[name];
  if (spec === undefined) {
    const near = nearest(name, Object.keys(specs));
    const hint = near === undefined ? `it takes ${listOf(specs)}` : `did you mean --${near}?`;
    throw new UserError(`${command}: unknown option ${raw}; ${hint}`);
  }
  if (spec.type === "boolean" && value !== undefined) {
    throw new UserError(`${command}: ${raw} takes no value, but got "${value}"`);
  }
  if (spec.type === "string" && (value === undefined || value === "")) {
    throw new UserError(
      `${command}: ${raw} needs a value: ${raw} ${spec.choices === undefined ? `<${spec.value ?? "value"}>` : spec.choices.join(" | ")}`,
    );
  }
  if (spec.choices !== undefined && value !== undefined && !spec.choices.includes(value)) {
    const near = nearest(value, spec.choices);
    throw new UserError(
      `${command}: ${raw} "${value}" is not one of ${spec.choices.join(", ")}${near === undefined ? "" : `; did you mean ${near}?`}`,
    );
  }
}

function listOf(specs: OptionSpecs): string {
  const names = Object.keys(specs);
  return names.length === 0 ? "no options" : names.map((name) => `--${name}`).join(", ");
}

/** The `--help` text of a command. */
export function helpText(command: string, summary: string, specs: OptionSpecs): string {
  const rows = Object.entries(specs).map(([name, spec]): [string, string] => [
    `  --${name}${spec.type === "string" ? ` <${spec.value ?? "value"}>` : ""}`,
    spec.choices === undefined ? spec.help : `${spec.help}: ${spec.choices.join(", ")}`,
  ]);
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return [
    `npm run ${command} -- [options]`,
    "",
    summary,
    ...(rows.length === 0 ? [] : ["", ...rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`)]),
  ].join("\n");
}
