/**
 * The one reading of a stack's configuration. It reports every problem at once, in the user's words, before anything is
 * created.
 */
import { child } from "./child.ts";
import { type Node, root } from "./json-schema.ts";
import { issueProblems, unknownSetting } from "./problems.ts";
import { configProblems, riskWarnings } from "./rules.ts";
import { type PlatformConfig, schema } from "./schema.ts";

export type { PlatformConfig, Quantity } from "./schema.ts";

const NAMESPACE = "millrace:";

/** All problems of a stack's configuration. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** One line per problem: the setting, what it received, what it may be, the way out. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], file: string) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(`${file} has ${count}; nothing was changed:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}

/**
 * Checks a stack's configuration and fills in every default; nothing given is the embedded development platform.
 * @param raw Values by full key (`millrace:cluster`), parsed or as JSON text. Keys of other namespaces are ignored.
 * @param file Where the values come from, for the message. @default "the stack's configuration"
 * @param secretPaths Where secrets are, below `millrace:`; no message repeats them. @default - nowhere
 * @throws ConfigError with every problem.
 */
export function loadConfig(
  raw: Readonly<Record<string, unknown>>,
  file = "the stack's configuration",
  secretPaths: readonly (readonly string[])[] = [],
): PlatformConfig {
  const problems: string[] = [];
  const values: Record<string, unknown> = { cluster: {}, scheduling: {}, services: {}, proof: {} };
  for (const [key, value] of Object.entries(raw)) {
    if (!key.startsWith(NAMESPACE)) continue;
    const section = key.slice(NAMESPACE.length);
    const node = child(root.properties, section) as Node | undefined;
    if (node === undefined) {
      problems.push(unknownSetting([section], {}));
      continue;
    }
    values[section] = withoutEmpty(parsed(value)) ?? (node.properties === undefined ? undefined : {});
  }
  const result = schema.safeParse(values);
  if (!result.success)
    throw new ConfigError([...problems, ...issueProblems(result.error.issues, values, secretPaths)], file);
  problems.push(...withoutSecrets(configProblems(result.data), values, secretPaths));
  if (problems.length > 0) throw new ConfigError(problems, file);
  return result.data;
}

/** Settings that are allowed and riskWarnings, one line each; empty when there are none. */
export function configWarnings(config: PlatformConfig): string[] {
  return riskWarnings(config);
}

/** Problems between settings, with each secret that they quote masked. */
function withoutSecrets(problems: readonly string[], values: unknown, paths: readonly (readonly string[])[]): string[] {
  const secrets = paths.flatMap((path) => textsIn(path.reduce(child, values))).filter((text) => text !== "");
  if (secrets.length === 0) return [...problems];
  const literal = secrets.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  const quoted = new RegExp(`(?<![\\w.-])(?:${literal.join("|")})(?![\\w-])`, "g");
  return problems.map((problem) => problem.replaceAll(quoted, "[secret]"));
}

/** Every text and number in a value: a whole section may be one secret. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string" || typeof value === "number") return [String(value)];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** A setting with only comments below it (`kafka:`) is as if left out. */
function withoutEmpty(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutEmpty(item)]));
}

/** The CLI hands objects over as JSON text; `undefined` for a section with nothing in it (`millrace:proof:`). */
function parsed(value: unknown): unknown {
  if (value === null || value === undefined || value === "") return undefined;
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
