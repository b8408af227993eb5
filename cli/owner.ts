/** Who a stack of this clone is, towards everything that is shared on the machine. */
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { parse } from "yaml";

import type { Owner } from "../clusters/embedded/cluster.ts";
import { recordedState } from "../engine/recorded.ts";
import { ensureStackId, readStackId, removeStackId, stackIdFile } from "../engine/stack-id.ts";
import { projectDir } from "./paths.ts";

/** The project's name in Pulumi.yaml. */
export function projectName(folder = projectDir): string {
  return (parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) as { readonly name: string }).name;
}

/** The stack as the owner of a cluster; without an id before its first `up`. */
export function ownerOf(stack: string, folder = projectDir): Owner {
  const id = readStackId(folder, projectName(folder), stack);
  return { id, folder: realpathSync(folder), stack, hasState: hasState(stack, folder) };
}

/** Makes the stack's id where there is none, before anything is made for it. */
export function ensureOwner(stack: string, folder = projectDir): void {
  ensureStackId(folder, projectName(folder), stack);
}

/** To be called when nothing that bears the stack's id is left. */
export function forgetOwner(stack: string, folder = projectDir): void {
  removeStackId(folder, projectName(folder), stack);
}

/** Does what may remove the stack's id, and puts it back: what the stack has made on this machine bears it. */
export async function keepingOwner<T>(stack: string, work: () => Promise<T>, folder = projectDir): Promise<T> {
  const project = projectName(folder);
  const id = readStackId(folder, project, stack);
  try {
    return await work();
  } finally {
    if (id !== undefined && readStackId(folder, project, stack) !== id) {
      const file = stackIdFile(folder, project, stack);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${id}\n`);
    }
  }
}

/** Whether the stack's state records anything. A damaged state counts: nobody knows what it records. */
export function hasState(stack: string, folder = projectDir): boolean {
  return recordedState(folder, projectName(folder), stack).hasResources;
}
