/** The local base images: Debian's minimal system and the packages of `images/<base>/packages.txt`. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir, once } from "../platform/images/cache.ts";
import { ensureKept, makeDebianImage } from "../platform/images/debian/debian-image.ts";
import { repositoryDir } from "../platform/images/files.ts";
import type { Work } from "../platform/images/work.ts";
import { type BaseName, imageReference, imageTag } from "./tags.ts";

/** Packages installed on top of Debian's minimal set. */
export function basePackages(name: BaseName, root = repositoryDir): string[] {
  const text = readFileSync(join(root, "images", name, "packages.txt"), "utf8");
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** Where the packages of a made base are recorded: lines `name version sha256`. */
export function recordedPackages(name: BaseName, root = repositoryDir): string {
  return cacheDir("bases", `${name}-${imageTag(name, root)}.packages`);
}

/**
 * Makes a base image in the local Docker engine, unless it is there.
 * @returns whether anything had to be done
 */
export async function ensureBase(name: BaseName, work: Work): Promise<boolean> {
  const reference = imageReference(name);
  const customize = join(repositoryDir, "images", name, "customize.sh");
  const image = {
    reference,
    packages: basePackages(name),
    customize: existsSync(customize) ? customize : undefined,
  };
  return await ensureKept(reference, cacheDir("bases", `${name}-${imageTag(name)}.tar`), work, async () => {
    const shown = await makeDebianImage(image, work);
    await once(recordedPackages(name), (folder) => {
      writeFileSync(join(folder, "packages"), packageLines(shown));
      return Promise.resolve(join(folder, "packages"));
    });
  });
}

/** Lines `name version sha256` from what `apt-cache show` prints. */
export function packageLines(shown: string): string {
  const lines = shown.split(/\n\n+/).flatMap((stanza) => {
    const field = (key: string): string | undefined => new RegExp(`^${key}: (\\S+)`, "m").exec(stanza)?.[1];
    const [name, version, sha256] = [field("Package"), field("Version"), field("SHA256")];
    return name === undefined || version === undefined || sha256 === undefined ? [] : [`${name} ${version} ${sha256}`];
  });
  return [...new Set(lines)].sort().join("\n") + "\n";
}
