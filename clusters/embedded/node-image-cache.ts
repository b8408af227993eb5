/** The node image in registries: taken from a cache instead of being built, and put into one for others. */
import type Docker from "dockerode";
import { followEngine } from "../../platform/docker-stream.ts";
import { describeError } from "../../platform/describe-error.ts";
import { findImage } from "../../platform/registry/copy.ts";
import { engineLogin } from "../../platform/registry/docker-logins.ts";
import { type ImageName, imageNameText, parseImageName } from "../../platform/registry/image-name.ts";
import { Registry, type RegistryOptions } from "../../platform/registry/registry.ts";

const STEP = "node image";
const PLATFORM = "linux/amd64";

/** What it asks of a Docker engine. */
export type NodeImageStore = Pick<Docker, "pull" | "getImage"> & { readonly modem: unknown };

/** Name of the node image below a registry's repository. @param image Its own name with the tag: `millrace/node:<tag>`. */
export function nodeImageBelow(prefix: string, image: string): ImageName {
  const name = parseImageName(`${prefix}/${image.replace(/.*\//, "")}`);
  if (name === undefined) throw new Error(`"${prefix}" names no registry`);
  return name;
}

/**
 * Takes the node image from the first cache that has it. A cache that can't be asked is told and left out.
 * @param image Name that it gets in the engine.
 * @returns whether one had it
 */
export async function takeNodeImage(
  docker: NodeImageStore,
  image: string,
  caches: readonly string[],
  progress: (step: string, detail: string) => void,
  options: RegistryOptions = {},
): Promise<boolean> {
  for (const cache of caches) {
    const at = nodeImageBelow(cache, image);
    try {
      const found = await findImage(new Registry(at.server, options), at, PLATFORM);
      if (found === undefined) continue;
      if (typeof found === "string") throw new Error(found);
      const name = imageNameText(at);
      progress(STEP, `pulling from ${cache}`);
      await followEngine(docker, await docker.pull(name, { authconfig: await engineLogin(at.server) }));
      await renamed(docker, name, image);
      return true;
    } catch (error) {
      progress(STEP, `cache ${cache}: ${describeError(error)}`);
    }
  }
  return false;
}

/** Puts the engine's node image into a registry. @throws Error that the registry or the engine gives */
export async function pushNodeImage(docker: NodeImageStore, image: string, at: ImageName): Promise<void> {
  const name = imageNameText(at);
  await docker.getImage(image).tag({ repo: `${at.server}/${at.repository}`, tag: at.tag });
  try {
    await followEngine(docker, await docker.getImage(name).push({ authconfig: await engineLogin(at.server) }));
  } finally {
    await docker.getImage(name).remove();
  }
}

async function renamed(docker: NodeImageStore, from: string, to: string): Promise<void> {
  const [repo = "", tag = ""] = to.split(":");
  await docker.getImage(from).tag({ repo, tag });
  await docker.getImage(from).remove();
}
