/** Whether this program reaches what a Docker engine publishes on 127.0.0.1: the engine's machine and network must be its own. */
import { readFileSync } from "node:fs";
import type Docker from "dockerode";

/** Why the ports of a node can't be reached from here, with the way out; `undefined`: nothing speaks against it. */
export async function reachRefusal(
  docker: Pick<Docker, "getContainer">,
  dockerHost = process.env["DOCKER_HOST"] ?? "",
  mountTable = ownMounts(),
): Promise<string | undefined> {
  if (isElsewhere(dockerHost)) {
    return (
      `the Docker engine is on another machine (${withoutLogin(dockerHost)}), and the embedded cluster is reached on 127.0.0.1 only; ` +
      "run Millrace on that machine, use an engine of this one (docker context ls), or set cluster.target to cloud. Images can be built with it"
    );
  }
  const id = ownContainer(mountTable);
  // An engine that knows no such container is another one: it runs in here, or is mounted from elsewhere.
  const found = id === undefined ? undefined : await inspected(docker, id);
  if (found === undefined || found.HostConfig.NetworkMode === "host") return undefined;
  return (
    `Millrace runs in the container ${found.Name.replace(/^\//, "")} with a network of its own, and the embedded cluster is reached on the machine's ` +
    "127.0.0.1 only; start that container with --network host. Images can be built in it"
  );
}

/** Whether the engine's address is another machine's. A loopback address may be a tunnel to one: then its ports may have theirs. */
function isElsewhere(dockerHost: string): boolean {
  if (dockerHost.startsWith("ssh:")) return true;
  if (!/^(tcp|https?):/.test(dockerHost)) return false;
  const { hostname } = new URL(dockerHost.replace(/^tcp:/, "http:"));
  return !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
}

const withoutLogin = (url: string): string => url.replace(/\/\/[^@/]*@/, "//");

/** Id of the container that this process runs in, by the files that Docker mounts into each; `undefined`: it runs in none. */
export function ownContainer(mountTable: string): string | undefined {
  return /\/containers\/([0-9a-f]{64})\/(?:hostname|hosts|resolv\.conf)\b/.exec(mountTable)?.[1];
}

function ownMounts(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return "";
  }
}

async function inspected(
  docker: Pick<Docker, "getContainer">,
  id: string,
): Promise<Docker.ContainerInspectInfo | undefined> {
  try {
    return await docker.getContainer(id).inspect();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}
