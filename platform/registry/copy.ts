/** Images copied from registry to registry, layer by layer as they lie there: nothing is unpacked, and the digest stays. */
import { Transform, type Readable } from "node:stream";
import { describeError } from "../describe-error.ts";
import { type ImageName, imageNameText } from "./image-name.ts";
import { type Descriptor, jsonFrom, type ManifestText, type Registry, RegistryError } from "./registry.ts";
import { limiter } from "../images/work.ts";

interface Manifest {
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly (Descriptor & {
    readonly platform?: { readonly os?: string; readonly architecture?: string };
  })[];
}

interface Settings {
  readonly os?: string;
  readonly architecture?: string;
}

/** An image that can be copied. */
export interface FoundImage {
  readonly registry: Registry;
  readonly repository: string;
  readonly manifest: ManifestText;
  readonly blobs: readonly Descriptor[];
}

/** Layers that are on their way at the same time. */
const PARALLEL_BLOBS = 4;

/**
 * Looks for an image of one platform.
 * @param platform As Docker names it, for example `linux/amd64`.
 * @returns `undefined`: the registry lacks it; a text: what it has instead of an image of this platform.
 * @throws RegistryError when the registry can't be asked.
 */
export async function findImage(
  registry: Registry,
  { repository, tag }: Pick<ImageName, "repository" | "tag">,
  platform: string,
): Promise<FoundImage | string | undefined> {
  let text = await registry.manifest(repository, tag);
  if (text === undefined) return undefined;
  let manifest = jsonFrom(registry.server, text.bytes) as Manifest;
  if (manifest.manifests !== undefined) {
    const offered = manifest.manifests.map(({ platform: of }) => `${of?.os ?? "?"}/${of?.architecture ?? "?"}`);
    const wanted = manifest.manifests[offered.indexOf(platform)];
    if (wanted === undefined) return `it is for ${offered.join(", ")}, not for ${platform}`;
    text = await registry.manifest(repository, wanted.digest);
    if (text === undefined)
      throw new RegistryError(`${registry.server} lacks ${wanted.digest} of ${repository}:${tag}`);
    manifest = jsonFrom(registry.server, text.bytes) as Manifest;
  }
  const { config, layers } = manifest;
  if (config === undefined || layers === undefined) {
    throw new RegistryError(`${registry.server} has something under ${repository}:${tag} that is no image`);
  }
  const settings = jsonFrom(registry.server, await registry.smallBlob(repository, config.digest)) as Settings;
  const found = `${settings.os ?? "?"}/${settings.architecture ?? "?"}`;
  if (found !== platform) return `it is for ${found}, not for ${platform}`;
  const blobs = [...new Map([config, ...layers].map((blob) => [blob.digest, blob])).values()];
  return { registry, repository, manifest: text, blobs };
}

/**
 * Copies an image; layers that the target has already are not sent. The tag comes last, so a copy that was broken off
 * is no image.
 * @param report is told how many bytes of how many are there.
 * @throws RegistryError naming the registry that refuses.
 */
export async function copyImage(
  image: FoundImage,
  target: Registry,
  { repository, tag }: Pick<ImageName, "repository" | "tag">,
  report: (done: number, all: number) => void = () => undefined,
): Promise<void> {
  const all = image.blobs.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const count = (bytes: number): void => {
    done += bytes;
    report(done, all);
  };
  const slot = limiter(PARALLEL_BLOBS);
  await Promise.all(image.blobs.map((blob) => slot(() => copyBlob(image, blob, target, repository, count))));
  await target.putManifest(repository, tag, image.manifest);
  const arrived = await target.digestOf(repository, tag);
  if (arrived !== undefined) return;
  throw new RegistryError(`${imageNameText({ server: target.server, repository, tag })} is not there after its copy`);
}

async function copyBlob(
  image: FoundImage,
  blob: Descriptor,
  target: Registry,
  repository: string,
  count: (bytes: number) => void,
): Promise<void> {
  if (await target.hasBlob(repository, blob.digest)) {
    count(blob.size);
    return;
  }
  const isSame = image.registry.server === target.server;
  const place = await target.beginUpload(
    repository,
    isSame ? { digest: blob.digest, from: image.repository } : undefined,
  );
  if (place === undefined) {
    count(blob.size);
    return;
  }
  const source = await image.registry.blob(image.repository, blob.digest);
  await target.upload(place, repository, blob, counted(source, image.registry.server, count));
}

function counted(source: Readable, server: string, count: (bytes: number) => void): Readable {
  const through = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      count(chunk.length);
      next(null, chunk);
    },
  });
  source.on("error", (error) => {
    through.destroy(new RegistryError(`${server} broke off a layer (${describeError(error)})`, { cause: error }));
  });
  through.on("close", () => source.destroy());
  return source.pipe(through);
}
