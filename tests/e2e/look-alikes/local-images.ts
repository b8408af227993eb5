/** Images that `up` leaves in the Docker engine under a look-alike's registry: they go with it, those that were there before stay. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import type Docker from "dockerode";

interface Remembered {
  /** Host and port, with a slash. */
  readonly registry: string;
  readonly before: readonly string[];
}

async function namesOf(docker: Docker, registry: string): Promise<string[]> {
  const images = await docker.listImages();
  // Docker leaves the list out for an image without a name.
  const names = images.flatMap((image) => (image.RepoTags as string[] | null | undefined) ?? []);
  return names.filter((name) => name.startsWith(registry));
}

/** Writes down what the engine has of a registry before a run. */
export async function rememberImages(docker: Docker, file: string, port: number): Promise<void> {
  const registry = `localhost:${port}/`;
  const remembered: Remembered = { registry, before: await namesOf(docker, registry) };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(remembered));
}

/** Removes what has come since then. */
export async function removeImages(docker: Docker, file: string): Promise<void> {
  if (!existsSync(file)) return;
  const { registry, before } = JSON.parse(readFileSync(file, "utf8")) as Remembered;
  for (const name of await namesOf(docker, registry)) {
    if (!before.includes(name)) await docker.getImage(name).remove();
  }
}
