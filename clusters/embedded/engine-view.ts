/** What a Docker engine can grant a node, and what it sees of this machine: asked of a container that ends at once. */
import { mkdirSync, rmSync } from "node:fs";
import type Docker from "dockerode";
import { temporaryDir } from "../../platform/images/cache.ts";
import { LABEL } from "./container-spec.ts";

export interface EngineView {
  /** The capabilities that the engine itself has, in the form of `/proc/<pid>/status`: a container can be given no others. */
  readonly capBnd: string;
  /** Whether a folder of this user is the same one to the engine, which may be on another machine or outside of a container. */
  readonly sharesFolders: boolean;
}

/** What is asked of an engine. */
type ContainerMaker = Pick<Docker, "createContainer">;

const SEEN = "/seen";
const SHARED = "the same folder";

/**
 * Asks an engine by a container of an image with a shell.
 * @param owner Labels of whom the container is for.
 * @throws Error with what the container said when the engine's capabilities can't be read.
 */
export async function viewOf(
  docker: ContainerMaker,
  image: string,
  owner: Readonly<Record<string, string>>,
): Promise<EngineView> {
  const folder = await temporaryDir("engine-view");
  try {
    // The engine may have a folder of this name, too: only this one has what was just put into it.
    mkdirSync(`${folder}/here`);
    const mount = { Type: "bind", Source: folder, Target: SEEN, ReadOnly: true } as const;
    // An engine that has no such folder, or may not show it, refuses the mount.
    const said = await ask(docker, image, owner, [mount]).catch(() => ask(docker, image, owner, []));
    const capBnd = /CapBnd:\s*([0-9a-f]+)/.exec(said)?.[1];
    if (capBnd === undefined) throw new Error(`the Docker engine's capabilities could not be read: ${said.trim()}`);
    return { capBnd, sharesFolders: said.includes(SHARED) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const script =
  'for p in /proc/[0-9]*; do [ "$(cat $p/comm 2>/dev/null)" = dockerd ] && f=$p/status; done; ' +
  `[ ! -d ${SEEN}/here ] || echo ${SHARED}; grep CapBnd "\${f:-/proc/1/status}"`;

async function ask(
  docker: ContainerMaker,
  image: string,
  owner: Readonly<Record<string, string>>,
  mounts: Docker.MountConfig,
): Promise<string> {
  const probe = await docker.createContainer({
    Image: image,
    Entrypoint: ["sh", "-c", script],
    Labels: { [LABEL]: "probe", ...owner },
    HostConfig: { PidMode: "host", NetworkMode: "none", SecurityOpt: ["label=disable"], Mounts: mounts },
  });
  try {
    await probe.start();
    await probe.wait();
    return (await probe.logs({ stdout: true, stderr: true })).toString();
  } finally {
    await probe.remove({ force: true, v: true });
  }
}
