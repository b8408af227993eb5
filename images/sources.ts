/** Every package that the platform fetches, for those who mirror or audit. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { rooms } from "../components/index.ts";
import { basePackages, recordedPackages } from "./debian.ts";
import {
  type LockedPackage,
  mavenCoordinates,
  parseCargoLock,
  parseMavenLock,
  parsePypiLock,
  readLock,
} from "../platform/images/lock-files.ts";
import { imagesOf, type Service } from "../platform/service.ts";
import {
  baseNames,
  imageFolder,
  imageNames,
  imagesWithNode,
  isImage,
  lockedUpstreamNames,
  sharedPackagesOf,
  upstreamOf,
} from "./tags.ts";
import { lockedDigests } from "./upstream-lock.ts";
import { repositoryDir } from "../platform/images/files.ts";

export type Ecosystem = "maven" | "pypi" | "cargo" | "npm" | "go" | "debian" | "docker";

/** One package that is fetched from a registry. */
export interface Source {
  readonly ecosystem: Ecosystem;
  /** Name in the registry's own form: `group:artifact`, module path, package name. */
  readonly coordinates: string;
  /** Version; empty for Debian packages that were not installed on this machine yet. */
  readonly version: string;
  /**
   * Hash of the file: 64 hex digits of SHA-256, or as the registry's own lock has it (`sha512-…` for npm, `h1:…` for Go).
   * Empty where it is recorded only after the base image was made on this machine.
   */
  readonly sha256: string;
  /** What it is for: an image, `program`, `cluster node`, or `pages of` an image, which are built by it. */
  readonly usedBy: string;
}

interface NpmLock {
  readonly packages?: Readonly<
    Record<string, { readonly version?: string; readonly integrity?: string; readonly dev?: boolean }>
  >;
}

/** Lists every package, sorted by ecosystem, name and version. Reads files only. */
export function listSources(root = repositoryDir): Source[] {
  const all = [
    ...[...imageNames, ...baseNames].flatMap((name) => lockedSources(root, name)),
    ...baseNames.flatMap((base) => debianSourcesOf(root, base)),
    ...librarySources(root),
    ...npmSources(join(root, "package-lock.json"), "program"),
    ...imagesWithNode.flatMap((image) => npmSources(join(root, imageFolder(image), "package-lock.json"), image)),
    ...pagesSources(root),
    ...imageNames.flatMap((image) => goSources(join(root, imageFolder(image), "go.sum"), image)),
    ...goSources(join(root, "clusters", "embedded", "node", "go.sum"), "cluster node"),
    ...officialSources(),
  ];
  const key = (source: Source): string =>
    `${source.ecosystem} ${source.coordinates} ${source.version} ${source.usedBy}`;
  const distinct = new Map(all.map((source) => [key(source), source]));
  return [...distinct.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Official images whose digest is known; a stack with source `upstream` fetches them. */
function officialSources(): Source[] {
  const digests = lockedDigests();
  return lockedUpstreamNames().map((name): Source => {
    const image = upstreamOf(name) ?? "";
    const tag = image.lastIndexOf(":");
    const sha256 = (digests.get(image) ?? "").replace(/^sha256:/, "");
    return {
      ecosystem: "docker",
      coordinates: image.slice(0, tag),
      version: image.slice(tag + 1),
      sha256,
      usedBy: name,
    };
  });
}

/** What builds the wheel of the Python library. */
function librarySources(root: string): Source[] {
  const lock = join(root, "python", "pypi.lock.txt");
  return parsePypiLock(readLock(lock), lock).map(({ name, version, sha256 }): Source => ({
    ecosystem: "pypi",
    coordinates: name,
    version,
    sha256,
    usedBy: "python library",
  }));
}

function lockedSources(root: string, image: string): Source[] {
  const file = (name: string): string => join(root, imageFolder(image), name);
  const packages = (ecosystem: Ecosystem, locked: LockedPackage[]): Source[] =>
    locked.map(({ name, version, sha256 }) => ({ ecosystem, coordinates: name, version, sha256, usedBy: image }));
  const [maven, pypi, cargo] = [file("maven.lock"), file("pypi.lock.txt"), file("cargo.lock")];
  const shared = join(root, imageFolder("python"), "pypi.lock.txt");
  const some = isImage(image) ? sharedPackagesOf(image) : [];
  return [
    ...parseMavenLock(readLock(maven), maven).map((artifact): Source => {
      const [group = "", name = "", , ...variant] = mavenCoordinates(artifact).split(":");
      const coordinates = [group, name, ...variant].join(":");
      return { ecosystem: "maven", coordinates, version: artifact.version, sha256: artifact.sha256, usedBy: image };
    }),
    ...packages("pypi", parsePypiLock(readLock(pypi), pypi)),
    ...packages(
      "pypi",
      parsePypiLock(readLock(shared), shared).filter(({ name }) => some.includes(name)),
    ),
    ...packages("cargo", parseCargoLock(readLock(cargo), cargo)),
  ];
}

/** Versions and hashes as recorded when the base was made on this machine, else the names that will be asked for. */
function debianSourcesOf(root: string, base: (typeof baseNames)[number]): Source[] {
  const record = recordedPackages(base, root);
  if (!existsSync(record)) {
    return basePackages(base, root).map((name) => ({
      ecosystem: "debian",
      coordinates: name,
      version: "",
      sha256: "",
      usedBy: base,
    }));
  }
  return parseCargoLock(readFileSync(record, "utf8"), record).map(({ name, version, sha256 }) => ({
    ecosystem: "debian",
    coordinates: name,
    version,
    sha256,
    usedBy: base,
  }));
}

/** @param builtBy What packages are for that a build needs and nothing carries. @default - the same as the others */
function npmSources(file: string, usedBy: string, builtBy = usedBy): Source[] {
  if (!existsSync(file)) return [];
  const lock = JSON.parse(readFileSync(file, "utf8")) as NpmLock;
  return Object.entries(lock.packages ?? {}).flatMap(([path, { version, integrity, dev }]): Source[] => {
    if (path === "" || version === undefined) return [];
    const coordinates = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const by = dev === true ? builtBy : usedBy;
    return [{ ecosystem: "npm", coordinates, version, sha256: integrity ?? "", usedBy: by }];
  });
}

/** Web pages are built into their room's image, and what builds them is not. */
function pagesSources(root: string): Source[] {
  return Object.values(rooms).flatMap((room: Service) =>
    imagesOf(room).flatMap(({ name }) =>
      room.pages === undefined
        ? []
        : npmSources(join(root, dirname(room.pages.project), "package-lock.json"), name, `pages of ${name}`),
    ),
  );
}

function goSources(file: string, usedBy: string): Source[] {
  return readLock(file)
    .split("\n")
    .flatMap((line): Source[] => {
      const [module, version, hash] = line.trim().split(/\s+/);
      if (!module || !version || !hash || version.endsWith("/go.mod")) return [];
      return [{ ecosystem: "go", coordinates: module, version, sha256: hash, usedBy }];
    });
}
