/** The command line of `npm run bench`. */
import { UserError } from "../cli/errors.ts";
import { helpText, type OptionSpecs, type OptionValues, parseOptions } from "../cli/options.ts";
import { nearest } from "../platform/nearest.ts";
import { againstOptions } from "./against.ts";
import type { Bench } from "./bench.ts";

/** Options of every measurement. */
const common = {
  only: { type: "string", value: "name", help: "the measurement (default: lake, and display where it answers)" },
  json: { type: "boolean", help: "print figures and verdicts as one line of JSON for each measurement" },
} as const satisfies OptionSpecs;

const exits = "Exit code 0: every bar is met; 1: one is missed, or something failed.";

export interface CommandLine {
  /** What to run. */
  readonly benches: readonly Bench[];
  /** Whether `--only` names it. */
  readonly isNamed: boolean;
  readonly values: OptionValues;
  readonly json: boolean;
}

/**
 * Reads the arguments.
 * @returns the help instead, where that is asked for
 * @throws UserError on an unknown measurement or option, or a value that is not allowed
 */
export function readCommandLine(args: readonly string[], benches: readonly Bench[]): CommandLine | { help: string } {
  const name = nameIn(args);
  const chosen = name === undefined ? benches.filter(isDefault) : [benchOf(name, benches)];
  if (args.includes("--help")) return { help: name === undefined ? overview(benches) : helpOf(chosen[0]) };
  const specs: OptionSpecs = Object.assign({ ...common }, ...chosen.map(optionsOf)) as OptionSpecs;
  const values = parseOptions("bench", args, specs);
  refuseUnpaired(values, chosen, name);
  return { benches: chosen, isNamed: name !== undefined, values, json: values["json"] === true };
}

/** Its own, and those of `--against` where it can be compared. */
const optionsOf = ({ options, onTrial }: Bench): OptionSpecs => ({ ...(onTrial && againstOptions), ...options });

/** @throws UserError on options that mean nothing together */
function refuseUnpaired(values: OptionValues, [bench]: readonly Bench[], name: string | undefined): void {
  if (values["against"] !== undefined) {
    if (name === undefined) throw new UserError("bench: --against compares one measurement; name it with --only");
    return;
  }
  for (const option of ["rounds", "profile"]) {
    if (values[option] !== undefined && bench?.options[option] === undefined) {
      throw new UserError(
        `bench: --${option} goes with --against <commit>, which brings up a platform; without it the one that is up is measured`,
      );
    }
  }
}

/** Run without `--only`: these need nothing but a platform that is up. */
const isDefault = ({ name }: Bench): boolean => name === "lake" || name === "display";

/** The value of `--only`, read first: it decides about the other options. */
function nameIn(args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => arg === "--only" || arg.startsWith("--only="));
  if (at < 0) return undefined;
  const word = args[at] ?? "";
  return word === "--only" ? (args[at + 1] ?? "") : word.slice("--only=".length);
}

function benchOf(name: string, benches: readonly Bench[]): Bench {
  const names = benches.map((bench) => bench.name);
  const found = benches.find((bench) => bench.name === name);
  if (found !== undefined) return found;
  const near = nearest(name, names);
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  throw new UserError(`bench: --only "${name}" is not one of ${names.join(", ")}${hint}`);
}

function overview(benches: readonly Bench[]): string {
  const width = Math.max(...benches.map(({ name }) => name.length));
  return [
    "npm run bench -- [--only <name>] [options]",
    "",
    "measures the platform that is up, or one that it brings up for this",
    "",
    ...benches.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    `Without --only: ${benches
      .filter(isDefault)
      .map(({ name }) => name)
      .join(", then ")}. npm run bench -- --only <name> --help lists the options of one measurement.`,
    exits,
  ].join("\n");
}

function helpOf(bench: Bench | undefined): string {
  if (bench === undefined) return "";
  const own = helpText(`bench -- --only ${bench.name}`, bench.summary, { ...optionsOf(bench), json: common.json });
  return `${own.replace(" -- [options]", " [options]")}\n\n${exits}`;
}
