/** Gives a look-alike's registry the images that this machine has already, so that not every run pushes gigabytes. */
import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import { imageRepository } from "../../../images/tags.ts";
import { cacheDir } from "../../../platform/images/cache.ts";

const root = (folder: string): string => join(folder, "docker", "registry", "v2");

/**
 * Copies what the embedded clusters' registry keeps: names as copies, contents as links, since a registry never writes into
 * a blob that is there.
 * @param path - below which they are to be
 * @param pushed - the image that is left out, for `up` to push
 */
export function seedRegistry(folder: string, path: string, pushed: string): void {
  const kept = root(cacheDir("registry"));
  mkdirSync(root(folder), { recursive: true });
  if (!existsSync(join(kept, "repositories", imageRepository))) return;
  try {
    linkAll(join(kept, "blobs"), join(root(folder), "blobs"));
  } catch (error) {
    // The cache is on another file system: `up` pushes all images.
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    rmSync(join(root(folder), "blobs"), { recursive: true, force: true });
    return;
  }
  const names = join(root(folder), "repositories", path, imageRepository);
  cpSync(join(kept, "repositories", imageRepository), names, { recursive: true });
  rmSync(join(names, pushed), { recursive: true, force: true });
}

function linkAll(from: string, to: string): void {
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true, encoding: "utf8" })) {
    if (!entry.isFile()) continue;
    const target = join(to, entry.parentPath.slice(from.length), entry.name);
    mkdirSync(dirname(target), { recursive: true });
    linkSync(join(entry.parentPath, entry.name), target);
  }
}
