/** What runs leave to make the next one fast: a folder of this user, and images and volumes in the Docker engine. */
import { existsSync, rmSync } from "node:fs";

import Docker from "dockerode";

import { LABEL } from "../clusters/embedded/container-spec.ts";
import { viewOf } from "../clusters/embedded/engine-view.ts";
import { run } from "../platform/exec.ts";
import { cacheDir, registryVolume, toolsVolume } from "../platform/images/cache.ts";
import { dockerAnswers } from "./cluster.ts";
import { messageOf, UserError } from "./errors.ts";

/** Something that is kept between runs to make the next one fast. */
export interface CacheEntry {
  readonly name: string;
  readonly bytes: number;
  readonly what: string;
}

/** Names of images of the platform in the Docker engine. */
const OWN_IMAGE = /(^|\/)millrace[/-]/;

/** Downloads, builds and images that `down` leaves for the next `up`. */
export async function caches(): Promise<CacheEntry[]> {
  const folder = cacheDir();
  const entries: CacheEntry[] = [];
  if (existsSync(folder)) {
    const ran = await run("du", ["-sk", folder]);
    const kibibytes = Number(/^(\d+)/.exec(ran.stdout)?.[1] ?? 0);
    entries.push({ name: folder, bytes: kibibytes * 1024, what: "downloads, builds and pushed images" });
  }
  const images = await ownImages();
  if (images.length > 0) {
    const bytes = images.reduce((sum, image) => sum + image.bytes, 0);
    const what = `${images.length} images in the Docker engine; layers that they share are counted in each`;
    entries.push({ name: "docker images", bytes, what });
  }
  return [...entries, ...(await ownVolumes()).map(({ name, ...rest }) => ({ name: `docker volume ${name}`, ...rest }))];
}

export interface OwnImage {
  readonly id: string;
  readonly bytes: number;
  readonly tags: readonly string[];
}

async function ownImages(): Promise<OwnImage[]> {
  if (!(await dockerAnswers())) return [];
  const all = await new Docker().listImages();
  // Docker leaves the list of tags out for an image that has none.
  const tagsOf = (image: Docker.ImageInfo): readonly string[] => (image.RepoTags as string[] | null | undefined) ?? [];
  return all
    .filter((image) => tagsOf(image).some((tag) => OWN_IMAGE.test(tag)))
    .map((image) => ({ id: image.Id, bytes: image.Size, tags: tagsOf(image) }));
}

/**
 * Removes the folder of the embedded cluster's registry. The registry writes to it as root, and who may use the engine need
 * not be root: then a container empties it.
 * @throws UserError when neither can.
 */
export async function removeRegistry(
  images: readonly OwnImage[],
  docker: Pick<Docker, "createContainer"> = new Docker(),
  remove: (folder: string) => void = removeFolder,
): Promise<void> {
  const folder = cacheDir("registry");
  try {
    remove(folder);
  } catch (error) {
    const node = images.find(({ tags }) => tags.some((tag) => tag.startsWith("millrace/node:")));
    // An engine that does not see this folder has another one of that name, which may be anybody's.
    if (node === undefined || !(await viewOf(docker, node.id, {})).sharesFolders) throw notRemoved(folder, error);
    const container = await docker.createContainer({
      Image: node.id,
      Entrypoint: ["find", "/registry", "-mindepth", "1", "-delete"],
      Labels: { [LABEL]: "probe" },
      HostConfig: {
        NetworkMode: "none",
        SecurityOpt: ["label=disable"],
        Mounts: [{ Type: "bind", Source: folder, Target: "/registry" }],
      },
    });
    try {
      await container.start();
      await container.wait();
    } finally {
      await container.remove({ force: true, v: true });
    }
  }
}

const removeFolder = (folder: string): void => {
  rmSync(folder, { recursive: true, force: true });
};

const notRemoved = (folder: string, error: unknown): UserError =>
  new UserError(`${folder} could not be removed (${messageOf(error)}); remove it as root`);

/** The volumes that belong to this folder of caches, with their bytes as far as the engine knows them. */
async function ownVolumes(): Promise<CacheEntry[]> {
  if (!(await dockerAnswers())) return [];
  const contents = new Map([
    [toolsVolume(), "downloads of the tool chains"],
    [registryVolume(), "pushed images"],
  ]);
  const { Volumes } = (await new Docker().df()) as {
    readonly Volumes?:
      readonly { readonly Name: string; readonly UsageData?: { readonly Size: number } | null }[] | null;
  };
  return (Volumes ?? []).flatMap(({ Name: name, UsageData }) => {
    const what = contents.get(name);
    return what === undefined ? [] : [{ name, bytes: Math.max(0, UsageData?.Size ?? 0), what }];
  });
}

/**
 * Removes what `caches` lists.
 * @throws UserError when an embedded cluster still uses it: its registry keeps its images there.
 */
export async function removeCaches(): Promise<void> {
  const folder = cacheDir();
  if (await dockerAnswers()) {
    const users = await new Docker().listContainers({ all: true, filters: { label: [`${LABEL}=embedded`] } });
    const names = users.flatMap(({ Names }) => Names).map((name) => name.replace(/^\//, ""));
    if (names.length > 0) {
      throw new UserError(
        `--cache: embedded clusters use the caches (${names.join(", ")}); they stay until those are down`,
      );
    }
  }
  const images = await ownImages();
  await removeRegistry(images);
  for (const { id } of images) await new Docker().getImage(id).remove({ force: true });
  for (const { name } of await ownVolumes()) await new Docker().getVolume(name).remove();
  if (!existsSync(folder)) return;
  // Go keeps its modules read-only.
  await run("chmod", ["-R", "u+w", folder]);
  try {
    removeFolder(folder);
  } catch (error) {
    throw notRemoved(folder, error);
  }
}
