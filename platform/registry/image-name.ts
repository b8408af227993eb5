/** Names of images with the registry that has them. */

/** An image by its place: `registry.example.com/acme/kafka:1` in parts. */
export interface ImageName {
  /** Host of the registry, with its port. */
  readonly server: string;
  readonly repository: string;
  readonly tag: string;
}

/** A registry with the repositories below it, as settings and options name it: no protocol, no tag. */
const PREFIX =
  /^(?:localhost|[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+|[a-z0-9][a-z0-9-]*(?=:))(?::[0-9]{1,5})?(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$/;

/** The range of a registry with its repositories, in words. */
export const prefixRange =
  "a registry with a repository below it, in lower case, without protocol, tag or spaces, for example " +
  '"registry.example.com/acme/millrace"';

export const prefixPattern = PREFIX;

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
