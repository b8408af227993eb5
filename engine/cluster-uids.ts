/**
 * The clusters that a stack's objects are on, kept beside its state in `.pulumi/millrace/<project>/<stack>.clusters.json`. In
 * the state itself the official CLI would take it for a change of the provider, and drop it.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ResourceState } from "./state.ts";

/** UID of a cluster by the id of the provider that works on it: a provider that is made anew has another id. */
type Uids = Readonly<Record<string, string>>;

export interface StackPlace {
  readonly projectDir: string;
  readonly project: string;
  readonly stack: string;
}

function fileOf({ projectDir, project, stack }: StackPlace): string {
  return join(projectDir, ".pulumi", "millrace", project, `${stack}.clusters.json`);
}

/** @param recorded Providers of an older state, which had the UID among their outputs. */
export function readClusterUids(place: StackPlace, recorded: Iterable<ResourceState>): Uids {
  const older: Record<string, string> = {};
  for (const { id, outputs } of recorded) {
    const uid = outputs?.["clusterUid"];
    if (id !== undefined && typeof uid === "string") older[id] = uid;
  }
  try {
    return { ...older, ...(JSON.parse(readFileSync(fileOf(place), "utf8")) as Uids) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return older;
    throw new Error(`${fileOf(place)} is damaged; remove it, and the next up writes it anew`, { cause: error });
  }
}

export function writeClusterUids(place: StackPlace, uids: Uids): void {
  mkdirSync(dirname(fileOf(place)), { recursive: true });
  writeFileSync(fileOf(place), JSON.stringify(uids));
}

/** To be called when nothing of the stack is left. */
export function removeClusterUids(place: StackPlace): void {
  rmSync(fileOf(place), { force: true });
}
