/** `npm run clean`: frees what newer builds have made superfluous, and nothing that a version in use is made from. */
import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { cacheKeys } from "../clusters/embedded/node-image.ts";
import { baseNames, imageNames, imageTag, lockedUpstreamNames, namesInUse } from "../images/index.ts";
import { seedReference } from "../platform/images/debian/seed-reference.ts";
import { toolboxTags } from "../platform/images/toolbox.ts";
import { type Aged, cacheDir, KEPT_OF_A_KIND, surplusIn, surplusOf } from "../platform/images/cache.ts";
import type { Command } from "./command.ts";
import { confirm } from "./confirm.ts";
import { messageOf, reportErrors } from "./errors.ts";
import { yesOption } from "./options.ts";
import { bytes, table } from "./table.ts";

/** Something that can go. */
export interface Surplus {
  readonly kind: "build" | "docker image";
  /** Path, or name with tag. */
  readonly name: string;
  /** What goes with it alone: parts that it shares with others stay until the last of them goes. */
  readonly bytes: number;
}

/** What `clean --json` prints. */
export interface CleanReport {
  readonly ok: boolean;
  readonly removed: readonly Surplus[];
  /** At least so much is free now. */
  readonly bytes: number;
  readonly errors: readonly string[];
}

/** What the command asks of a Docker engine. */
export type ImageStore = Pick<Docker, "listImages" | "listContainers" | "df" | "getImage">;

export const clean: Command = {
  summary: `frees builds and images that newer ones have made superfluous; the last ${KEPT_OF_A_KIND} of each and what is in use stay`,
  options: { ...yesOption, json: { type: "boolean", help: "one JSON document on stdout" } },
  async run(values) {
    const docker = await engine();
    const found = [...surplusBuilds(), ...(docker === undefined ? [] : await surplusImages(docker))];
    if (found.length > 0) {
      const wanted = { yes: values["yes"] === true, again: "npm run clean -- --yes" };
      await confirm(renderSurplus(found), wanted);
    }
    const report = await removeAll(found, docker);
    process.stdout.write(`${values["json"] === true ? JSON.stringify(report, null, 2) : renderClean(report)}\n`);
    reportErrors(report.errors);
    return report.ok ? 0 : 1;
  },
};

async function engine(): Promise<Docker | undefined> {
  const docker = new Docker();
  return await docker.ping().then(
    () => docker,
    () => undefined,
  );
}

/** Build contexts, bases, pages and parts of the node image. Downloads stay: they cost the most to get again. */
export function surplusBuilds(now = Date.now()): Surplus[] {
  const { upstream, own, base, image } = cacheKeys();
  const node = [`upstream-${upstream}`, `own-${own}`, `base-${base}.tar`, `context-${image}`];
  const inUse = new Set([...namesInUse(), ...node]);
  return ["contexts", "bases", "web", "node"].flatMap((folder) =>
    surplusIn(folder, inUse, now).map((name): Surplus => {
      const path = cacheDir(folder, name);
      return { kind: "build", name: path, bytes: ownBytes(path) };
    }),
  );
}

/** Bytes on the disk that no other place has too. */
function ownBytes(path: string): number {
  const found = lstatSync(path);
  if (found.isDirectory()) return readdirSync(path).reduce((sum, name) => sum + ownBytes(join(path, name)), 0);
  return found.nlink > 1 ? 0 : found.blocks * 512;
}

interface TaggedImage extends Aged {
  readonly id: string;
}

/** Images of the platform in the Docker engine that newer ones have replaced, and that no container is made from. */
export async function surplusImages(docker: ImageStore, now = Date.now()): Promise<Surplus[]> {
  const { image: node, base: nodeBase } = cacheKeys();
  const upstream = lockedUpstreamNames();
  const tags = new Map([
    ...[...imageNames, ...baseNames, ...upstream].map((name): [string, string] => [name, imageTag(name)]),
    ...upstream.map((name): [string, string] => [`${name}-base`, imageTag(name)]),
  ]);
  tags.set("node", node).set("node-base", nodeBase);
  const [seedName = "", seedTag = ""] = seedReference().split(/[/:]/).slice(1);
  for (const [name, tag] of [[seedName, seedTag] as const, ...toolboxTags()]) tags.set(name, tag);
  const [images, containers] = await Promise.all([docker.listImages(), docker.listContainers({ all: true })]);
  const used = new Set(containers.map(({ ImageID }) => ImageID));
  const ours = images.flatMap(({ Id, Created, RepoTags }): TaggedImage[] =>
    // Docker leaves the list of tags out for an image that has none.
    ((RepoTags as string[] | null | undefined) ?? []).flatMap((name) => {
      const [, kind, image = ""] = /^((?:.*\/)?millrace\/([a-z-]+)):[0-9a-f]{16}$/.exec(name) ?? [];
      return kind === undefined || !tags.has(image) ? [] : [{ kind, name, usedMs: Created * 1000, id: Id }];
    }),
  );
  const isInUse = ({ id, name, kind }: TaggedImage): boolean =>
    used.has(id) || name === `${kind}:${tags.get(kind.replace(/.*\//, "")) ?? ""}`;
  const going = surplusOf(ours, isInUse, now);
  const { Images } = (await docker.df()) as {
    readonly Images?: readonly { readonly Id: string; readonly Size: number; readonly SharedSize: number }[] | null;
  };
  const sizes = new Map((Images ?? []).map(({ Id, Size, SharedSize }) => [Id, Size - Math.max(0, SharedSize)]));
  return going.map(({ id, name }) => ({ kind: "docker image", name, bytes: sizes.get(id) ?? 0 }));
}

/** Removes each by itself; one that can't go stops no other. */
export async function removeAll(
  found: readonly Surplus[],
  docker: Pick<ImageStore, "getImage"> | undefined,
): Promise<CleanReport> {
  const removed: Surplus[] = [];
  const errors: string[] = [];
  for (const one of found) {
    try {
      if (one.kind === "build") rmSync(one.name, { recursive: true, force: true });
      else await docker?.getImage(one.name).remove();
      removed.push(one);
    } catch (error) {
      errors.push(`${one.name} could not be removed: ${messageOf(error)}`);
    }
  }
  return { ok: errors.length === 0, removed, bytes: sumOf(removed), errors };
}

const sumOf = (all: readonly Surplus[]): number => all.reduce((sum, one) => sum + one.bytes, 0);

export function renderSurplus(found: readonly Surplus[]): string[] {
  const rows = found.map(({ kind, name, bytes: size }) => [kind, bytes(size), name]);
  return [
    "newer ones have replaced these, and nothing uses them:",
    table(["what", "size", "name"], rows),
    `at least ${bytes(sumOf(found))} become free; what they share with others goes with the last of them`,
  ];
}

export function renderClean({ removed, bytes: size }: CleanReport): string {
  if (removed.length === 0) {
    return `nothing was removed: the last ${KEPT_OF_A_KIND} of each build stay; npm run down -- --cache removes all caches`;
  }
  return `${removed.length} removed, at least ${bytes(size)} are free`;
}
