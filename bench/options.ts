/** Options that several measurements share, and numbers in them. */
import { UserError } from "../cli/errors.ts";
import { type OptionSpecs, type OptionValues, text } from "../cli/options.ts";
import type { BenchSettings } from "./settings.ts";

/** How much is sent, and where the platform is. */
export const loadOptions = {
  rate: { type: "string", value: "records/s", help: "records to send each second (default: 1000)" },
  settle: { type: "string", value: "s", help: "seconds to wait for the last records (default: 60)" },
  kafka: { type: "string", value: "host:port", help: "address of Kafka (default: 127.0.0.1:30092)" },
  presto: { type: "string", value: "url", help: "address of Presto (default: http://127.0.0.1:30080)" },
  catalog: { type: "string", value: "name", help: "catalog of the tables (default: lake)" },
  keep: { type: "boolean", help: "leave the rows that were sent" },
} as const satisfies OptionSpecs;

export interface NumberRule {
  readonly byDefault: number;
  /** The least that is allowed. */
  readonly least: number;
  readonly whole?: boolean;
}

/**
 * Numbers of a command line.
 * @throws UserError that lists every value that is not allowed
 */
export function readNumbers<Name extends string>(
  values: OptionValues,
  rules: Readonly<Record<Name, NumberRule>>,
): Readonly<Record<Name, number>> {
  const problems: string[] = [];
  const read = Object.entries<NumberRule>(rules).map(([name, { byDefault, least, whole = false }]) => {
    const given = text(values, name);
    const value = given === undefined ? byDefault : Number(given);
    if (!Number.isFinite(value) || value < least || (whole && !Number.isInteger(value))) {
      problems.push(
        `--${name} "${given ?? ""}" is not allowed: give a ${whole ? "whole " : ""}number of at least ${least}`,
      );
    }
    return [name, value];
  });
  if (problems.length > 0) throw new UserError(problems.join("\n"));
  return Object.fromEntries(read) as Record<Name, number>;
}

/** What of {@link loadOptions} is text. */
export function loadTargets(values: OptionValues): Pick<BenchSettings, "kafka" | "presto" | "catalog" | "keep"> {
  return {
    kafka: text(values, "kafka") ?? "127.0.0.1:30092",
    presto: text(values, "presto") ?? "http://127.0.0.1:30080",
    catalog: text(values, "catalog") ?? "lake",
    keep: values["keep"] === true,
  };
}
