/** The schema as JSON Schema: for editors, for the words of the messages, and for the docs. */
import * as z from "zod";
import { child } from "./child.ts";
import { type Hints, schema } from "./schema.ts";

/** The parts of JSON Schema that zod writes for our schema. */
export interface Node extends Hints {
  readonly type?: string;
  readonly description?: string;
  readonly default?: string | number | boolean | readonly string[] | Readonly<Record<string, string>>;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Node[];
  /** What each part of a list is. */
  readonly items?: Node;
  /** What each value is where the names are free, and what these may be. */
  readonly additionalProperties?: Node | false;
  readonly propertyNames?: Node;
}

/** The whole schema; its properties are the sections under `millrace:`. */
export const root = z.toJSONSchema(schema, { io: "input" }) as Node;

/** The node at a path; `values` chooses between the shapes of a setting that has several. */
export function nodeAt(path: readonly PropertyKey[], values: unknown): Node | undefined {
  let node: Node | undefined = root;
  let value = values;
  for (const key of path) {
    node = below(chooseShape(node, value), key);
    value = child(value, key);
    if (node === undefined) return undefined;
  }
  return chooseShape(node, value);
}

function below(node: Node | undefined, key: PropertyKey): Node | undefined {
  const named = child(node?.properties, key) as Node | undefined;
  if (named !== undefined) return named;
  if (typeof key !== "number") return node?.additionalProperties || undefined;
  // Where its parts have no words of their own, the list says what is allowed.
  return node?.items?.["x-range"] === undefined ? undefined : node.items;
}

function chooseShape(node: Node | undefined, value: unknown): Node | undefined {
  if (node?.oneOf === undefined) return node;
  return node.oneOf.find((shape) => shape.properties?.["kind"]?.const === child(value, "kind")) ?? node;
}

/** What a setting may be, in words: `a whole number from 1 to 9`. */
export function allowed(node: Node): string {
  if (node["x-range"] !== undefined) return node["x-range"];
  if (node.enum !== undefined) return `one of ${node.enum.join(", ")}`;
  if (node.const !== undefined) return `"${node.const}"`;
  if (node.oneOf !== undefined) {
    const kinds = node.oneOf.map((shape) => shape.properties?.["kind"]?.const ?? "").join(" or ");
    return `settings with kind ${kinds}`;
  }
  switch (node.type) {
    case "integer":
      return `a whole number from ${node.minimum ?? 0} to ${node.maximum ?? 0}`;
    case "boolean":
      return "true or false";
    case "object":
      return `settings: ${Object.keys(node.properties ?? {}).join(", ")}`;
    default:
      return "a non-empty string";
  }
}

/** Paths of every setting called `key`. */
export function pathsOf(key: string, node: Node = root, path: readonly string[] = []): string[][] {
  return Object.entries(node.properties ?? {}).flatMap(([name, below]) => {
    const here = [...path, name];
    return [...(name === key ? [here] : []), ...pathsOf(key, below, here)];
  });
}

/** A path as people write it: `millrace:services.kafka.replicas`. */
export function written(path: readonly PropertyKey[]): string {
  return `millrace:${path.map(String).join(".")}`;
}
