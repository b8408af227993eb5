/** Names, folders and content hashes of the images: everything that needs no download. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { versions } from "./versions.ts";

/** Images that are pushed to the registry and run in the cluster. */
export const imageNames = [
  "garage",
  "kafka",
  "cassandra",
  "metastore",
  "spark",
  "presto",
  "tools",
  "postgres",
  "airflow",
  "jupyter",
] as const;
export type ImageName = (typeof imageNames)[number];

/** Local images that the others are built on; they are never pushed by themselves. */
export const baseNames = ["base", "jre", "python", "postgres-base"] as const;
export type BaseName = (typeof baseNames)[number];

/** The base of each image: all JVM images share one lower layer, and so do the Python images. */
export const bases: Readonly<Record<ImageName, BaseName>> = {
  garage: "base",
  kafka: "jre",
  cassandra: "jre",
  metastore: "jre",
  spark: "jre",
  presto: "jre",
  tools: "base",
  postgres: "postgres-base",
  airflow: "python",
  jupyter: "python",
};

/** Images that find the largest part of their work done, in Docker's cache, when another one was built before. */
export const builtAfter: Readonly<Partial<Record<ImageName, ImageName>>> = { jupyter: "airflow" };

/** Folders of sources that an image carries besides its own folder, relative to the repository. */
const bakedSources: Readonly<Partial<Record<ImageName, readonly string[]>>> = {
  tools: ["workloads", "check"],
  airflow: ["dags", "notebooks", "python/millrace"],
  jupyter: ["notebooks", "python/millrace"],
};

/** Images that carry the program's own Node, and modules from npm. */
export const imagesWithNode: readonly ImageName[] = ["tools", "jupyter"];

export const repositoryDir = resolve(import.meta.dirname, "..");

/** Source folders (relative to the repository) baked into an image. */
export function sourceFolders(name: ImageName): readonly string[] {
  return bakedSources[name] ?? [];
}

/**
 * Content hash of an image: 16 hex digits from its folder, the sources baked in, and its base's hash. Computed from
 * files only. The same files give the same tag on every machine.
 */
export function imageTag(name: ImageName | BaseName, root = repositoryDir): string {
  const hash = createHash("sha256");
  if (isImage(name)) {
    hash.update(`base ${imageTag(bases[name], root)}\n`);
    if (imagesWithNode.includes(name)) hash.update(`node ${versions.node}\n`);
  }
  const folders = [`images/${name}`, ...(isImage(name) ? sourceFolders(name) : [])];
  for (const folder of folders) {
    for (const file of filesBelow(root, folder)) {
      const content = readFileSync(join(root, file));
      hash.update(`${file} ${content.length}\n`).update(content);
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** Name of an image without a registry: `millrace/kafka:<content hash>`. */
export function imageReference(name: ImageName | BaseName, root = repositoryDir): string {
  return `millrace/${name}:${imageTag(name, root)}`;
}

/** Whether a name is one of the images that run in the cluster, not a local base. */
export function isImage(name: string): name is ImageName {
  return (imageNames as readonly string[]).includes(name);
}

/** All files below a folder of the repository, as sorted paths relative to the repository. */
export function filesBelow(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((file) => !file.includes("node_modules/") && !file.includes("__pycache__/"))
    .sort();
}
