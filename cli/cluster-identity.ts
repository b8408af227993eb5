/** Whether the cluster that answers is the one that a stack was made on: two may have one name, one after the other. */
import { readFileSync } from "node:fs";

import { statePaths } from "../engine/state.ts";
import type { Kube } from "./kube.ts";
import { projectName } from "./owner.ts";
import { projectDir } from "./paths.ts";
import type { Stack } from "./stack.ts";

interface Stored {
  readonly checkpoint?: {
    readonly latest?: { readonly resources?: readonly { readonly outputs?: { readonly clusterUid?: unknown } }[] };
  };
}

/** UID of `kube-system` on the stack's cluster, as the local engine has recorded it; `undefined`: it has not. */
function recordedUid(stack: string, folder: string): string | undefined {
  try {
    const { checkpoint } = JSON.parse(
      readFileSync(statePaths(folder, projectName(folder), stack).checkpoint, "utf8"),
    ) as Stored;
    const uids = (checkpoint?.latest?.resources ?? []).map(({ outputs }) => outputs?.clusterUid);
    return uids.find((uid) => typeof uid === "string");
  } catch {
    // The engine tells what is wrong with a state.
    return undefined;
  }
}

/** @returns that it is another cluster, with the ways out; `undefined`: it is the stack's own, or nobody knows */
export async function anotherCluster(
  kube: Pick<Kube, "get">,
  { name, profile }: Pick<Stack, "name" | "profile">,
  folder = projectDir,
): Promise<string | undefined> {
  const known = recordedUid(name, folder);
  if (known === undefined) return undefined;
  const path = "/api/v1/namespaces/kube-system";
  const found = await kube.get<{ readonly metadata: { readonly uid?: string } }>(path).catch(() => undefined);
  const uid = found?.metadata.uid;
  if (uid === undefined || uid === known) return undefined;
  return (
    `context "${profile.context}" leads to another cluster than the one that stack ${name} was made on (kube-system has the UID ${uid}, not ` +
    `${known}); let cluster.context and cluster.kubeconfig lead to the stack's own, or use another stack. If that cluster is permanently gone, ` +
    "npm run up -- --anew forgets what was on it and starts over"
  );
}
