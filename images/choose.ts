/** Which image each service runs: the one that the stack names, else the platform's own, built and pushed. */
import * as pulumi from "@pulumi/pulumi";
import { isImage } from "./tags.ts";
import { upstreamProblems } from "./upstream.ts";
import { imagesToBuild, type WantedImages } from "./wanted.ts";
import { PlatformImages, type Registry } from "./platform-images.ts";

export interface ImagesArgs {
  /** For each of the platform's images the settings of the service that runs it. */
  readonly wanted: WantedImages;
  /** Where the platform's own images go. @default - none can be built, so each must be given */
  readonly registry: Registry | undefined;
  /** Platform of the nodes, for example `linux/amd64`. */
  readonly platform: string;
}

/** What is wrong with the arguments; empty when nothing is. */
export function imageProblems(args: Pick<ImagesArgs, "wanted" | "registry">): string[] {
  const images = imagesToBuild(args.wanted);
  if (args.registry !== undefined) return upstreamProblems(images);
  return images.map(
    (name) => `image "${name}": there is no registry to push it to; set millrace:cluster.registry, or give an image`,
  );
}

/**
 * Builds what is needed and not given, and tells the image to run by its name.
 * @throws RunError when an image can neither be built nor is given.
 */
export function chooseImages(args: ImagesArgs): (name: string) => pulumi.Output<string> {
  const problems = imageProblems(args);
  if (problems.length > 0) throw new pulumi.RunError(problems.join("; "));
  const images = imagesToBuild(args.wanted);
  const { registry, platform } = args;
  const own =
    registry === undefined || images.length === 0
      ? undefined
      : new PlatformImages("images", { registry, images, platform });
  return (name) => {
    if (!isImage(name)) throw new pulumi.RunError(`there is no image "${name}"`);
    const wanted = args.wanted[name];
    if (wanted !== undefined && wanted !== false && wanted.image !== undefined) return pulumi.output(wanted.image);
    if (own === undefined) throw new pulumi.RunError(`image "${name}" is neither given nor wanted`);
    return own.ref((wanted !== undefined && wanted !== false && wanted.made) || name);
  };
}
