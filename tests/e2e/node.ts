/** The node of the embedded cluster from outside of Kubernetes, for faults that its API can't make. */
import Docker from "dockerode";

import { execInNode } from "../../clusters/embedded/node.ts";
import { stack } from "./platform.ts";

/** Whether the cluster's node is a container of this machine. */
export const hasOwnNode = (): boolean => stack.profile.target === "embedded";

/**
 * Kills a process of some pod with SIGKILL, as the kernel does when memory is short: no handler runs, and the kubelet
 * starts the container again in the same pod. From within the pod its first process can't be killed so.
 * @param words - part of its command line, and of no other's
 * @throws Error when there is none
 */
export async function killProcess(words: string): Promise<void> {
  const docker = new Docker();
  const node = stack.config.cluster.embedded.name;
  const { stdout } = await execInNode(docker, node, ["pgrep", "--full", words]);
  const ids = stdout.split("\n").filter(Boolean);
  if (ids.length === 0) throw new Error(`there is no process like ${words}`);
  const { code, stderr } = await execInNode(docker, node, ["kill", "-KILL", ...ids]);
  if (code !== 0) throw new Error(`process ${ids.join(", ")} like ${words} was not killed: ${stderr}`);
}
