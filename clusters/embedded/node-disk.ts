/** The disk that the volumes of claims lie on, as the node sees it. */
import type Docker from "dockerode";
import { type DockerInfo, freeBytes, volumesFolder } from "../docker-disk.ts";
import { inspect } from "./bring-up.ts";
import type { EmbeddedNames } from "./container-spec.ts";
import { execInNode } from "./node.ts";
import { findPieces } from "./owner.ts";

/** The class of claims that lie on the node's disk, which is the cluster's default one. */
export const STORAGE_CLASS = "millrace-hostpath";
/** Where the provisioner makes volumes in the node. */
const VOLUMES = "/var/lib/millrace/volumes";

export interface NodeDisk {
  readonly freeBytes: number;
  /** Bytes on it by the folder of a volume in the node. @default - the node is still to be made */
  readonly usedBytes?: ReadonlyMap<string, number>;
}

/**
 * The disk of a node that runs, or is to be made; `undefined` where this machine does not see it, and for a node that has data and does
 * not run: what its volumes hold is not known then.
 * @throws Error when the engine or the node can't say it
 */
export async function diskOf(docker: Docker, names: EmbeddedNames): Promise<NodeDisk | undefined> {
  const pieces = await findPieces(docker, names);
  if (pieces.some(({ kind }) => kind === "volume")) {
    const isRunning = (await inspect(docker, names))?.State.Running === true;
    return isRunning ? await diskOfNode(docker, names.container) : undefined;
  }
  const folder = volumesFolder((await docker.info()) as DockerInfo);
  return folder === undefined ? undefined : { freeBytes: freeBytes(folder) };
}

async function diskOfNode(docker: Docker, container: string): Promise<NodeDisk> {
  // Files may go while they are counted, which du calls a failure.
  const script =
    `cd ${VOLUMES} && df --block-size=1 --output=avail . | tail -n 1 && ` +
    'find "$PWD" -mindepth 1 -maxdepth 1 -exec du --block-size=1 --count-links --summarize {} +; true';
  const { stdout } = await execInNode(docker, container, ["sh", "-c", script]);
  return nodeDisk(stdout);
}

/** What `df` and `du` say: the free bytes in the first line, then a line of bytes and folder for each volume. */
export function nodeDisk(said: string): NodeDisk {
  const [first = "", ...lines] = said.trim().split("\n");
  if (!/^\s*\d+$/.test(first)) throw new Error(`the node does not say what its disk has: ${said.slice(0, 200)}`);
  const used = lines.flatMap((line) => {
    const [, bytes, folder] = /^(\d+)\t(.+)$/.exec(line) ?? [];
    return folder === undefined ? [] : [[folder, Number(bytes)] as const];
  });
  return { freeBytes: Number(first), usedBytes: new Map(used) };
}
