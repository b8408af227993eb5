/** The file systems that a Docker engine fills: images, layers of containers, volumes. */
import { existsSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";

/** What of `docker info` says where things are kept. */
export interface DockerInfo {
  readonly DockerRootDir?: string;
  readonly DriverStatus?: readonly (readonly [string, string])[] | null;
}

/** Where containerd keeps images, when the engine leaves them to it. */
const CONTAINERD_ROOT = "/var/lib/containerd";

/** Folders that the engine fills, those that this machine does not see left out: an engine in a VM or far away. */
export function filledFolders(info: DockerInfo, isThere: (path: string) => boolean = existsSync): string[] {
  const root = info.DockerRootDir ?? "";
  const byContainerd = (info.DriverStatus ?? []).some(([, value]) => value.startsWith("io.containerd.snapshotter."));
  const folders = root === "" ? [] : [root, join(root, "volumes")];
  if (byContainerd) folders.push(CONTAINERD_ROOT);
  return folders.filter(isThere);
}

/** The folder of volumes, or the next one above it that this user may look into; `undefined` where this machine sees none. */
export function volumesFolder(info: DockerInfo, isThere: (path: string) => boolean = existsSync): string | undefined {
  const { DockerRootDir: root = "" } = info;
  return root === "" ? undefined : [join(root, "volumes"), root].find(isThere);
}

/** One folder for each file system. */
export function onePerFileSystem(
  folders: readonly string[],
  device: (folder: string) => number = (folder) => statSync(folder).dev,
): string[] {
  const seen = new Set<number>();
  return folders.filter((folder) => {
    const id = device(folder);
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

/** Bytes that are free for this user. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
