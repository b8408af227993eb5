/** Digests of the official images: what their tags named when somebody looked. Tags move, digests do not. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeError } from "../platform/describe-error.ts";
import { repositoryDir } from "../platform/images/files.ts";
import { readLock } from "../platform/images/lock-files.ts";
import { limiter } from "../platform/images/work.ts";
import { findImage } from "../platform/registry/copy.ts";
import { type ImageName, parseImageName } from "../platform/registry/image-name.ts";
import { Registry, type RegistryOptions } from "../platform/registry/registry.ts";

/** Relative to the repository. */
export const UPSTREAM_LOCK = "images/upstream.lock";
/** What writes it. */
export const LOCK_COMMAND = "npm run images -- --lock-upstream";

const DOCKER_HUB = "docker.io";
const PARALLEL_QUESTIONS = 4;

/** Digests by the images' whole names with their tags. */
export type UpstreamDigests = ReadonlyMap<string, string>;

/**
 * Reads the lock: lines `docker.io/apache/kafka:4.3.1 sha256:…`.
 * @throws Error naming the line that is none.
 */
export function parseUpstreamLock(text: string): UpstreamDigests {
  const lines = text.split("\n").map((line, index) => ({ line: line.trim(), number: index + 1 }));
  return new Map(
    lines
      .filter(({ line }) => line !== "" && !line.startsWith("#"))
      .map(({ line, number }): [string, string] => {
        const [image = "", digest = "", ...more] = line.split(/\s+/);
        if (parseImageName(image) === undefined || !/^sha256:[0-9a-f]{64}$/.test(digest) || more.length > 0) {
          throw new Error(
            `${UPSTREAM_LOCK}, line ${number}: "${line}" is not a lock line; expected: registry/name:tag sha256:<64 hex digits>. ` +
              `Write it anew: ${LOCK_COMMAND}`,
          );
        }
        return [image, digest];
      }),
  );
}

/** Writes the lock, sorted so that a change shows as the lines that changed. */
export function formatUpstreamLock(digests: UpstreamDigests): string {
  const lines = [...digests].map(([image, digest]) => `${image} ${digest}\n`).sort();
  return (
    `# Official images for millrace:images.source upstream, written by ${LOCK_COMMAND}.\n` +
    "# A tag without a line here has never been looked up, and what it names has never been run.\n" +
    lines.join("")
  );
}

/** The lock, or the file that `$MILLRACE_UPSTREAM_LOCK` names in its place. */
function lockFile(): string {
  return process.env["MILLRACE_UPSTREAM_LOCK"] ?? join(repositoryDir, UPSTREAM_LOCK);
}

/** The digests that are known. */
export function lockedDigests(): UpstreamDigests {
  return parseUpstreamLock(readLock(lockFile()));
}

/** What is wrong when tags have no digest yet; empty when all have one. */
export function unlockedProblems(images: readonly string[]): string[] {
  const digests = lockedDigests();
  const unknown = images.filter((image) => !digests.has(image));
  if (unknown.length === 0) return [];
  return [
    `millrace:images.source: upstream, and ${UPSTREAM_LOCK} has no digest of ${unknown.join(", ")}; where a registry that has ` +
      `them can be reached, run ${LOCK_COMMAND}, and commit the file; or set millrace:images.source to auto`,
  ];
}

/**
 * An official image by its digest: `docker.io/apache/kafka@sha256:…`.
 * @throws Error with the way out when its digest is not known.
 */
export function lockedReference(image: string): string {
  const digest = lockedDigests().get(image);
  if (digest === undefined) throw new Error(unlockedProblems([image]).join("; "));
  return `${image.slice(0, image.lastIndexOf(":"))}@${digest}`;
}

/**
 * Where an official image is pulled from.
 * @param mirror Registry, with a repository below, that has Docker Hub's images. @default - none
 */
export function upstreamPlace(image: string, mirror: string | undefined): ImageName {
  const name = parseImageName(image);
  if (name === undefined) throw new Error(`"${image}" names no registry, or no tag`);
  if (mirror === undefined || name.server !== DOCKER_HUB) return name;
  const [server = "", ...below] = mirror.split("/");
  return { ...name, server, repository: [...below, name.repository].join("/") };
}

/** What a look at one tag has shown. */
export interface LookedUp {
  readonly image: string;
  /** What it names now; `null` when that could not be found out. */
  readonly digest: string | null;
  /** What the lock had; `null` when it had nothing. */
  readonly before: string | null;
  readonly error: string | null;
}

export interface LockArgs {
  /** Whole names with their tags. */
  readonly images: readonly string[];
  /** Registry that has Docker Hub's images. @default - Docker Hub */
  readonly mirror?: string | undefined;
  /** Platform that each must have, for example `linux/amd64`. */
  readonly platform: string;
  readonly options?: RegistryOptions;
}

/** Looks up what tags name now, and writes it to the lock. A tag that can't be looked up keeps its line and stops no other. */
export async function lockUpstream({ images, mirror, platform, options }: LockArgs): Promise<LookedUp[]> {
  const known = lockedDigests();
  const slot = limiter(PARALLEL_QUESTIONS);
  const found = await Promise.all(
    images.map((image) =>
      slot(async (): Promise<LookedUp> => {
        const before = known.get(image) ?? null;
        try {
          return { image, digest: await digestOf(image, mirror, platform, options), before, error: null };
        } catch (error) {
          if (options?.signal?.aborted === true) throw error;
          return { image, digest: null, before, error: describeError(error) };
        }
      }),
    ),
  );
  const digests = new Map(known);
  for (const { image, digest } of found) if (digest !== null) digests.set(image, digest);
  const text = formatUpstreamLock(digests);
  if (text !== readLock(lockFile())) writeFileSync(lockFile(), text);
  return found;
}

/** Digest of what a tag names, which is for several platforms as a rule. @throws Error when it lacks ours */
async function digestOf(
  image: string,
  mirror: string | undefined,
  platform: string,
  options: RegistryOptions | undefined,
): Promise<string> {
  const { server, repository, tag } = upstreamPlace(image, mirror);
  const registry = new Registry(server, options);
  try {
    const digest = await registry.digestOf(repository, tag);
    if (digest === undefined) throw new Error(`${server} has no ${repository}:${tag}`);
    const ours = await findImage(registry, { repository, tag: digest }, platform);
    if (typeof ours === "string") throw new Error(ours);
    if (ours === undefined) throw new Error(`${server} lacks ${digest} of ${repository}`);
    return digest;
  } finally {
    registry.close();
  }
}
