/** Whether the embedded cluster's disk has room for the claims that an `up` makes or lets grow. Of other targets and classes nothing is known. */
import { STORAGE_CLASS } from "../clusters/embedded/node-disk.ts";
import {
  type ClaimShortage,
  claimShortage,
  hasClaimsAhead,
  type Volume,
  type VolumeRoom,
} from "../config/claims-fit.ts";
import { quantityOf } from "../platform/quantity.ts";
import { embeddedDisk } from "./cluster.ts";
import { connect, type Kube } from "./kube.ts";
import type { Stack } from "./stack.ts";

/**
 * What there is too little room for; `undefined` when there is enough, or as long as nobody can say it.
 * @param isRunning Whether the cluster runs: then its volumes count.
 */
export async function shortageOf(stack: Stack, isRunning: boolean): Promise<ClaimShortage | undefined> {
  const { target, storageClass } = stack.profile;
  if (target !== "embedded" || !["default", STORAGE_CLASS].includes(storageClass)) return undefined;
  const room = await roomOf(stack, isRunning).catch(() => undefined);
  return room === undefined ? undefined : claimShortage(stack.config, room);
}

async function roomOf(stack: Stack, isRunning: boolean): Promise<VolumeRoom | undefined> {
  const found = isRunning ? await volumesOf(connect(stack.profile)) : [];
  if (!hasClaimsAhead(stack.config, found)) return undefined;
  const disk = await embeddedDisk(stack);
  // A node that runs and does not answer yet has volumes that nobody has named.
  if (disk === undefined || isRunning !== (disk.usedBytes !== undefined)) return undefined;
  const volumes = found.map(({ folder, ...volume }) => ({ ...volume, usedBytes: disk.usedBytes?.get(folder) ?? 0 }));
  return { freeBytes: disk.freeBytes, volumes };
}

interface List {
  readonly items: readonly {
    readonly spec?: {
      readonly capacity?: { readonly storage?: string };
      readonly claimRef?: { readonly namespace?: string; readonly name?: string };
      readonly hostPath?: { readonly path: string };
    };
  }[];
}

/** Volumes that lie on the node, each with its folder there; those of other classes are none of its disk's. */
export async function volumesOf(kube: Pick<Kube, "get">): Promise<(Volume & { readonly folder: string })[]> {
  const { items } = await kube.get<List>("/api/v1/persistentvolumes");
  return items.flatMap(({ spec: { capacity, claimRef, hostPath } = {} }) => {
    if (hostPath === undefined) return [];
    const claim = { namespace: claimRef?.namespace ?? "", name: claimRef?.name ?? "" };
    return [{ folder: hostPath.path, claim, sizeBytes: quantityOf(capacity?.storage) ?? 0 }];
  });
}
