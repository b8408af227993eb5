/** Official images: where they are pulled from, and the local names under which others are built on them. */
import { run } from "../platform/images/run.ts";
import type { Work } from "../platform/images/work.ts";
import { type ImageName, imageNameText } from "../platform/registry/image-name.ts";
import { baseReference, upstreamOf } from "./tags.ts";
import { lockedDigests, upstreamPlace, unlockedProblems } from "./upstream-lock.ts";

export interface UpstreamPlaces {
  /** Registry, with a repository below, that has Docker Hub's images. @default - Docker Hub */
  readonly mirror?: string | undefined;
  /** Platform of the nodes, for example `linux/amd64`. @default - the engine's own */
  readonly platform?: string;
}

/** What is wrong when official images are wanted and their digests are not known; empty when nothing is. */
export function upstreamProblems(names: readonly string[]): string[] {
  return unlockedProblems(names.flatMap((name) => upstreamOf(name) ?? []));
}

/** Where an image's official one is, with its digest in place of the tag; `undefined`: it is built from packages. */
export function digestPlace(name: string, mirror: string | undefined): ImageName | undefined {
  const image = upstreamOf(name);
  const digest = image === undefined ? undefined : lockedDigests().get(image);
  return image === undefined || digest === undefined ? undefined : { ...upstreamPlace(image, mirror), tag: digest };
}

/**
 * Has the Docker engine pull an official image by its digest, unless it is there.
 * @returns whether anything had to be done
 */
export async function pullBase(name: string, { mirror, platform }: UpstreamPlaces, work: Work): Promise<boolean> {
  const local = baseReference(name);
  const { signal, report } = work;
  if (await isLocal(local, signal)) return false;
  const place = digestPlace(name, mirror);
  if (place === undefined) throw new Error(upstreamProblems([name]).join("; "));
  const { server, repository, tag: digest } = place;
  const official = `${server}/${repository}@${digest}`;
  const wasThere = await isLocal(official, signal);
  report(`pulling ${official}`);
  const onPlatform = platform === undefined ? [] : ["--platform", platform];
  await run("docker", ["pull", ...onPlatform, official], { signal });
  await run("docker", ["tag", official, local], { signal });
  // One name is enough, and it is the one that clean and down know.
  if (!wasThere) await run("docker", ["image", "rm", official], { signal });
  return true;
}

async function isLocal(image: string, signal: AbortSignal): Promise<boolean> {
  return await run("docker", ["image", "inspect", "--format", "{{.Id}}", image], { signal }).then(
    () => true,
    () => {
      signal.throwIfAborted();
      return false;
    },
  );
}

/** Where an image comes from, in words: `docker.io/apache/kafka`. */
export function placeWords({ server, repository }: ImageName): string {
  return imageNameText({ server, repository, tag: "" }).replace(/:$/, "");
}
