/** Names, folders and content hashes of the images: everything that needs no download. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
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
  "display",
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
  display: "base",
};

/** Images that find the largest part of their work done, in Docker's cache, when another one was built before. */
export const builtAfter: Readonly<Partial<Record<ImageName, ImageName>>> = { jupyter: "airflow" };

/** What the wheel of the Python library is built from. */
export const librarySources = ["python/millrace", "python/pyproject.toml", "python/README.md", "python/pypi.lock.txt"];

/** What the rooms have of their programs that run in the cluster, and of what the proof asks. */
const roomSources = readdirSync(join(resolve(import.meta.dirname, ".."), "components"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => [`components/${name}/programs`, `components/${name}/hops`])
  .sort();

/** Folders and files of sources that an image carries besides its own folder, relative to the repository. */
const bakedSources: Readonly<Partial<Record<ImageName, readonly string[]>>> = {
  // Executors have some packages of the notebooks.
  spark: ["images/python/pypi.lock.txt"],
  tools: ["check", "platform/describe-error.ts", "platform/hops", ...roomSources],
  airflow: ["dags", "notebooks", ...librarySources],
  jupyter: ["notebooks", ...librarySources],
  display: [
    "display/server",
    "display/protocol.ts",
    "display/web",
    "platform/describe-error.ts",
    "components/kafka/programs/kafka-client.ts",
    "components/kafka/programs/kafka-codecs.ts",
    "components/presto/programs/presto-client.ts",
    "components/telemetry/programs/read-record.ts",
    "components/telemetry/programs/record.ts",
  ],
};

/** Images that carry the program's own Node, and modules from npm. */
export const imagesWithNode: readonly ImageName[] = ["tools", "jupyter", "display"];

export const repositoryDir = resolve(import.meta.dirname, "..");

/** Source folders and single files (relative to the repository) baked into an image. */
export function sourceFolders(name: ImageName): readonly string[] {
  return bakedSources[name] ?? [];
}

/** What makes a base image, and what decides on the content of build contexts when an image's `context.ts` imports it. */
const baseLogic = "images/debian.ts";
const contextLogic = ["prepare", "fetch", "recipes", "wheels", "library"];

/** The shared code that fills an image's build context. What it downloads is locked in the image's folder. */
function logicOf(name: ImageName | BaseName, root: string): string[] {
  if (!isImage(name)) return [baseLogic];
  const code = readFileSync(join(root, "images", name, "context.ts"), "utf8");
  return contextLogic.filter((module) => code.includes(`"../${module}.ts"`)).map((module) => `images/${module}.ts`);
}

/**
 * Content hash of an image: 16 hex digits from its folder, the sources baked in, the code that puts it together,
 * and its base's hash. Computed from files only. The same files give the same tag on every machine.
 */
export function imageTag(name: ImageName | BaseName, root = repositoryDir): string {
  const hash = createHash("sha256");
  if (isImage(name)) {
    hash.update(`base ${imageTag(bases[name], root)}\n`);
    if (imagesWithNode.includes(name)) hash.update(`node ${versions.node}\n`);
  } else {
    hash.update(`debian ${versions.debian}\n`);
  }
  const folders = [`images/${name}`, ...logicOf(name, root), ...(isImage(name) ? sourceFolders(name) : [])];
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

/** What tools leave in a folder of sources. */
const leftovers = /(^|\/)(node_modules|__pycache__|\.angular|dist)\//;

/** All files below a folder of the repository, as sorted paths relative to the repository; a file's own path. */
export function filesBelow(root: string, folder: string): string[] {
  const found = statSync(join(root, folder), { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (found.isFile()) return [folder];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((file) => !leftovers.test(file))
    .sort();
}
