/** A preview as files: one YAML document per Kubernetes object. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { stringify } from "yaml";

import { UserError } from "./errors.ts";
import type { EngineEvent } from "../engine/types.ts";

export interface Rendered {
  readonly file: string;
  readonly object: Readonly<Record<string, unknown>>;
}

/** The object that a preview step would send, `undefined` for what is no Kubernetes object or goes away. */
export function renderedObject(event: EngineEvent): Rendered | undefined {
  if (event.kind !== "resource" || event.status !== "done" || event.op === "delete") return undefined;
  const match = /^kubernetes:([^:]+):([^:]+)$/.exec(event.type);
  if (match === null || event.inputs === undefined) return undefined;
  // A patch changes an object that the cluster makes; by itself it is none.
  if (match[2]?.endsWith("Patch") === true) return undefined;
  const [, group = "", kind = ""] = match;
  const apiVersion = group.startsWith("core/") ? group.slice("core/".length) : group;
  const object = { apiVersion, kind, ...event.inputs };
  const metadata = (event.inputs["metadata"] ?? {}) as { readonly name?: unknown };
  const name = typeof metadata.name === "string" ? metadata.name : event.name;
  return { file: `${kind.toLowerCase()}-${name.replaceAll(/[^A-Za-z0-9.-]/g, "_")}.yaml`, object };
}

/**
 * Writes the objects to a folder.
 * @throws UserError when the folder can't be written.
 */
export function writeRendered(folder: string, objects: readonly Rendered[]): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const { file, object } of objects) {
      writeFileSync(join(folder, file), stringify(object, { lineWidth: 0 }));
    }
  } catch (error) {
    throw new UserError(`--render ${folder}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
