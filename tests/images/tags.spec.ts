import { expect } from "chai";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  baseNames,
  baseOf,
  imageFolder,
  imageNames,
  imageReference,
  imageTag,
  lockedUpstreamNames,
  sourceFolders,
  upstreamNames,
  upstreamOf,
} from "../../images/tags.ts";
import { debianCode } from "../../platform/images/debian/seed-reference.ts";
import { repositoryDir } from "../../platform/images/files.ts";
import { UpstreamLock } from "../support/upstream-lock.ts";

describe("images/tags", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "millrace-spec-"));
    for (const name of [...baseNames, ...imageNames]) {
      cpSync(join(repositoryDir, imageFolder(name)), join(root, imageFolder(name)), { recursive: true });
    }
    for (const file of [
      "images/debian.ts",
      ...["context", "fetch", "go", "wheels", "library"].map((module) => `platform/images/${module}.ts`),
    ]) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      cpSync(join(repositoryDir, file), join(root, file));
    }
    cpSync(join(repositoryDir, debianCode), join(root, debianCode), { recursive: true });
    mkdirSync(join(root, "components/kafka/programs"), { recursive: true });
    writeFileSync(join(root, "components/kafka/programs/producer.ts"), "export {};\n");
    mkdirSync(join(root, "python", "millrace"), { recursive: true });
    mkdirSync(join(root, "dags"));
    mkdirSync(join(root, "notebooks"));
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  const tagsOf = (): Record<string, string> =>
    Object.fromEntries([...baseNames, ...imageNames].map((name) => [name, imageTag(name, root)]));
  const changed = (before: Record<string, string>): string[] => {
    const after = tagsOf();
    return Object.keys(before).filter((name) => before[name] !== after[name]);
  };

  it("gives the same tag for the same files, wherever they are", () => {
    for (const name of imageNames.filter((image) => sourceFolders(image).length === 0)) {
      expect(imageTag(name, root))
        .to.equal(imageTag(name))
        .and.to.match(/^[0-9a-f]{16}$/);
    }
    expect(imageReference("kafka", root)).to.equal(`millrace/kafka:${imageTag("kafka", root)}`);
  });

  it("changes only an image's own tag with one of its files", () => {
    const before = tagsOf();
    writeFileSync(join(root, "components/kafka/image/etc/server.properties"), "node.id=2\n");
    expect(changed(before)).to.deep.equal(["kafka"]);
  });

  it("changes the tag with the name of a file", () => {
    const before = tagsOf();
    cpSync(join(root, "components/kafka/image/bin/kafka-tool"), join(root, "components/kafka/image/bin/kafka-tool2"));
    rmSync(join(root, "components/kafka/image/bin/kafka-tool"));
    expect(changed(before)).to.deep.equal(["kafka"]);
  });

  it("changes every image on a base with that base", () => {
    const before = tagsOf();
    writeFileSync(join(root, "images", "jre", "packages.txt"), "tini\n");
    const onJre = imageNames.filter((name) => baseOf(name) === "jre");
    expect(changed(before)).to.have.members(["jre", ...onJre]);
  });

  it("changes with the code that makes the bases, and with the code that puts the image's context together", () => {
    const edit = (file: string): string[] => {
      const before = tagsOf();
      appendFileSync(join(root, file), "export const changed = true;\n");
      return changed(before);
    };
    expect(edit("images/debian.ts")).to.have.members([...baseNames, ...imageNames]);
    expect(edit("platform/images/debian/install.sh")).to.have.members([...baseNames, ...imageNames]);
    expect(edit("platform/images/context.ts")).to.have.members([...imageNames]);
    expect(edit("platform/images/wheels.ts")).to.have.members(["spark", "airflow", "jupyter"]);
    expect(edit("platform/images/go.ts")).to.deep.equal(["versitygw", "logs", "metrics"]);
    expect(edit("platform/images/fetch.ts")).to.have.members([
      "garage",
      "spark",
      "flink",
      "nifi",
      "tools",
      "jupyter",
      "display",
    ]);
  });

  it("changes the tools' tag with the sources that they carry", () => {
    const before = tagsOf();
    writeFileSync(join(root, "components/kafka/programs/producer.ts"), "export const changed = true;\n");
    expect(changed(before)).to.deep.equal(["tools"]);
  });

  it("changes Spark's tag with the lock that its executors' packages are of", () => {
    const before = tagsOf();
    writeFileSync(join(root, "images", "python", "pypi.lock.txt"), "");
    expect(changed(before)).to.have.members(["python", "airflow", "jupyter", "spark"]);
  });

  it("changes the tags of the images that carry the library, the notebooks or the DAGs", () => {
    const before = tagsOf();
    writeFileSync(join(root, "python", "millrace", "__init__.py"), "");
    expect(changed(before)).to.have.members(["airflow", "jupyter"]);
    const between = tagsOf();
    writeFileSync(join(root, "notebooks", "report.ipynb"), "{}");
    expect(changed(between)).to.have.members(["airflow", "jupyter"]);
    const last = tagsOf();
    writeFileSync(join(root, "dags", "report.py"), "");
    expect(changed(last)).to.deep.equal(["airflow"]);
  });
});

describe("images made of official ones", () => {
  let lock: UpstreamLock;
  beforeEach(() => {
    lock = new UpstreamLock();
  });
  afterEach(() => {
    lock.remove();
  });
  const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
  const kafka = upstreamOf("kafka-upstream") ?? "";

  it("have a tag by the official one's digest, whatever its tag or place, and none of an image from packages", () => {
    lock.write({ [kafka]: digest("a") });
    const before = imageTag("kafka-upstream");
    expect(before)
      .to.match(/^[0-9a-f]{16}$/)
      .and.not.to.equal(imageTag("kafka"));
    lock.write({ [kafka]: digest("b") });
    expect(imageTag("kafka-upstream")).not.to.equal(before);
    lock.write({ [kafka]: digest("a") });
    expect(imageTag("kafka-upstream")).to.equal(before);
  });

  it("have no tag while nobody has looked the digest up, with the way out", () => {
    expect(() => imageTag("kafka-upstream")).to.throw("run npm run images -- --lock-upstream");
    expect(lockedUpstreamNames()).to.deep.equal([]);
    lock.write({ [kafka]: digest("a") });
    expect(lockedUpstreamNames()).to.deep.equal(["kafka-upstream"]);
  });

  it("change with our layer on them and with what it carries", () => {
    const root = mkdtempSync(join(tmpdir(), "millrace-spec-"));
    try {
      lock.write({ [upstreamOf("postgres-upstream") ?? ""]: digest("a") });
      const files = [
        imageFolder("postgres-upstream"),
        ...sourceFolders("postgres-upstream"),
        "platform/images/context.ts",
      ];
      expect(files[1]).to.equal("components/postgres/image/docker-entrypoint.sh");
      for (const file of files) {
        mkdirSync(dirname(join(root, file)), { recursive: true });
        cpSync(join(repositoryDir, file), join(root, file), { recursive: true });
      }
      const tags = [imageTag("postgres-upstream", root)];
      expect(tags[0]).to.equal(imageTag("postgres-upstream"));
      for (const file of [
        "components/postgres/image/docker-entrypoint.sh",
        "components/postgres/image-upstream/Dockerfile",
      ]) {
        appendFileSync(join(root, file), "# changed\n");
        tags.push(imageTag("postgres-upstream", root));
      }
      expect(new Set(tags).size).to.equal(3);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it("are of the version that is built from packages", () => {
    const versionOf = (name: string, pattern: RegExp): string =>
      pattern.exec(
        readFileSync(join(repositoryDir, imageFolder(name), name === "versitygw" ? "go.mod" : lockOf(name)), "utf8"),
      )?.[1] ?? "none";
    const lockOf = (name: string): string => (name === "garage" ? "cargo.lock" : "maven.lock");
    const versions: Readonly<Record<string, string>> = {
      kafka: versionOf("kafka", /^org.apache.kafka:kafka_2.13:(\S+) /m),
      cassandra: versionOf("cassandra", /^org.apache.cassandra:cassandra-all:(\S+) /m),
      presto: versionOf("presto", /^com.facebook.presto:presto-server:([^: ]+):tar.gz /m),
      garage: `v${versionOf("garage", /^garage (\S+) /m)}`,
      versitygw: versionOf("versitygw", /^\s*github.com\/versity\/versitygw (v\S+)/m),
      postgres: "15-bookworm",
      zookeeper: versionOf("zookeeper", /^org.apache.zookeeper:zookeeper:(\S+) /m),
    };
    const found = upstreamNames.map((name) => [
      name.replace(/-upstream$/, ""),
      (upstreamOf(name) ?? "").replace(/.*:/, ""),
    ]);
    expect(Object.fromEntries(found)).to.deep.equal(versions);
  });
});
