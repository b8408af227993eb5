/** The words for what is wrong with a value: which setting, what it received, what it may be, and the way out. */
import type * as z from "zod";
import { child } from "./child.ts";
import { allowed, type Node, nodeAt, pathsOf, root, written } from "./json-schema.ts";
import { nearest } from "../platform/nearest.ts";

/**
 * One line per problem that the schema finds. Values of unknown settings are not repeated: they may be secret; nor are
 * those at or below `secretPaths`.
 */
export function issueProblems(
  issues: readonly z.core.$ZodIssue[],
  values: unknown,
  secretPaths: readonly (readonly string[])[],
): string[] {
  // A value may break several rules of its setting, which are told in one line.
  const lines = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => unknownSetting([...issue.path, key], values))
      : [
          issue.code === "invalid_key"
            ? wrongName(issue.path)
            : wrongValue(issue.path, values, isSecret(issue.path, secretPaths)),
        ],
  );
  return [...new Set(lines)];
}

/** A setting, or a whole section, that the schema does not know. */
export function unknownSetting(path: readonly PropertyKey[], values: unknown): string {
  const key = String(path.at(-1));
  const owner = path.slice(0, -1);
  return `${written(path)}: unknown setting; ${wayOut(key, owner, nodeAt(owner, values) ?? root)}`;
}

function wayOut(key: string, owner: readonly PropertyKey[], node: Node): string {
  const names = new Map<string, string>();
  for (const [name, below] of Object.entries(node.properties ?? {})) {
    for (const word of [name, ...(below["x-also-called"] ?? [])]) names.set(word, name);
  }
  const meant = nearest(key, [...names.keys()]);
  if (meant !== undefined) return `did you mean "${names.get(meant) ?? meant}"?`;
  const [elsewhere] = pathsOf(key).sort(
    (a, b) => Number(sameService(b, owner)) - Number(sameService(a, owner)) || a.length - b.length,
  );
  if (elsewhere !== undefined) return `it belongs to ${written(elsewhere)}`;
  const place = owner.length === 0 ? "the sections under millrace: are" : `${written(owner)} takes`;
  return `${place} ${Object.keys(node.properties ?? {}).join(", ")}`;
}

/** Whether two paths lead into one service: its own setting is meant rather than another's of the same name. */
function sameService(path: readonly PropertyKey[], other: readonly PropertyKey[]): boolean {
  return path[0] === other[0] && path[1] === other[1];
}

function isSecret(path: readonly PropertyKey[], secretPaths: readonly (readonly string[])[]): boolean {
  return secretPaths.some((secret) => secret.every((key, index) => key === String(path[index])));
}

/** A name where names are free, such as that of a label. */
function wrongName(path: readonly PropertyKey[]): string {
  const owner = path.slice(0, -1);
  const node = nodeAt(owner, {})?.propertyNames ?? {};
  return `${written(owner)}: received the name ${shown(String(path.at(-1)))}; give ${allowed(node)}`;
}

function wrongValue(path: readonly PropertyKey[], values: unknown, secret: boolean): string {
  // A `kind` that is none of a setting's shapes has no node of its own; the setting says which there are.
  const node = nodeAt(path, values) ?? nodeAt(path.slice(0, -1), values) ?? {};
  const value = path.reduce(child, values);
  if (value === undefined) return `${written(path)}: missing; give ${allowed(node)}`;
  const plain = node.default !== undefined && typeof node.default !== "object";
  const initial = plain ? ` (default ${String(node.default)})` : "";
  const refused = typeof value === "string" ? (child(node["x-refused"], value) as string | undefined) : undefined;
  if (refused !== undefined) return `${written(path)}: received ${shown(value)}, ${refused}; give ${allowed(node)}`;
  if (secret) return `${written(path)}: received [secret]; give ${allowed(node)}${initial}`;
  const meant = typeof value === "string" ? nearest(value, node.enum ?? []) : undefined;
  const hint = meant === undefined ? "" : `; did you mean "${meant}"?`;
  return `${written(path)}: received ${shown(value)}; give ${allowed(node)}${initial}${hint}`;
}

/** A value as received, short, with its type where the text alone would mislead. */
function shown(value: unknown): string {
  if (typeof value === "string")
    return value.length > 60 ? `a string of ${value.length} characters` : JSON.stringify(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a set of settings";
  return String(value);
}
