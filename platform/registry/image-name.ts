/** Names of images with the registry that has them. */

/** An image by its place: `registry.example.com/acme/kafka:1` in parts. */
export interface ImageName {
  /** Host of the registry, with its port. */
  readonly server: string;
  readonly repository: string;
  readonly tag: string;
}

/** Reads a full name; `undefined` when it names no registry or no tag. */
export function parseImageName(name: string): ImageName | undefined {
  const [, server, repository, tag] = /^([^/]+[.:][^/]*|localhost)\/(.+):([^:/]+)$/.exec(name) ?? [];
  return server === undefined || repository === undefined || tag === undefined
    ? undefined
    : { server, repository, tag };
}

/** The name as one text. */
export function imageNameText({ server, repository, tag }: ImageName): string {
  return `${server}/${repository}:${tag}`;
}
