import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../platform/component.ts";
import { buildSettings, builtAfter, imageNames, imageReference, isImage, upstreamNames } from "./index.ts";
import { contextFor } from "./ready.ts";

/** Names under which one registry is reached. */
export interface Registry {
  /** As seen from the machine that builds and pushes, for example `localhost:5000`. */
  readonly push: string;
  /** As seen from the nodes that pull. */
  readonly pull: string;
}

export interface PlatformImagesArgs {
  /** The registry that images go to, by its names for the pushing machine and for the pulling nodes. */
  readonly registry: Registry;
  /** The images to build and push; name only those that are used. */
  readonly images: readonly string[];
  /** Platform of the nodes, as Docker names it, for example `linux/amd64`. */
  readonly platform: string;
}

/**
 * The platform's own images, built without network from prepared contexts and pushed. Tags are content hashes: an image
 * whose files did not change is neither built nor pushed again.
 */
export class PlatformImages extends Component {
  /** The images by name, each settled when it can be pulled. */
  readonly references: Readonly<Partial<Record<string, pulumi.Output<string>>>>;

  /** @throws ResourceError when an image is not one of the platform's. */
  constructor(name: string, args: PlatformImagesArgs, opts?: ComponentOptions) {
    super("PlatformImages", name, { images: args.images, platform: args.platform }, opts);
    const unknown = args.images.filter((image) => !isImage(image));
    if (unknown.length > 0) {
      const message = `images "${name}": ${unknown.join(", ")} is not an image of the platform; it has ${imageNames.join(", ")}`;
      throw new pulumi.ResourceError(message, this, true);
    }
    const built = new Map<string, docker.Image>();
    const pushImage = (image: string): pulumi.Output<string> => {
      const reference = imageReference(image);
      const before = built.get(builtAfter(image) ?? image);
      const pushed = new docker.Image(
        `${name}-${image}`,
        {
          imageName: `${args.registry.push}/${reference}`,
          build: buildSettings(image, args.platform, contextFor(image)),
          skipPush: false,
        },
        { parent: this, ...(before === undefined ? {} : { dependsOn: [before] }) },
      );
      built.set(image, pushed);
      // Waits for the push, then gives the name by which nodes know the same image.
      return pushed.imageName.apply(() => `${args.registry.pull}/${reference}`);
    };
    const wanted = [...imageNames, ...upstreamNames].filter((image) => args.images.includes(image));
    this.references = Object.fromEntries(wanted.map((image) => [image, pushImage(image)]));
    this.registerOutputs({ references: this.references });
  }

  /**
   * The name by which nodes pull an image; it settles when the image has been pushed.
   * @throws ResourceError when the image was not named in `images`.
   */
  ref(image: string): pulumi.Output<string> {
    const reference = this.references[image];
    if (reference === undefined) {
      const built = Object.keys(this.references).join(", ");
      throw new pulumi.ResourceError(
        `image "${image}" is not built here (built: ${built}); add it to "images"`,
        this,
        true,
      );
    }
    return reference;
  }
}
