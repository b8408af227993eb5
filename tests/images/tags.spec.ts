import { expect } from "chai";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  baseNames,
  baseOf,
  imageFolder,
  imageNames,
  imageReference,
  imageTag,
  sourceFolders,
} from "../../images/tags.ts";
import { repositoryDir } from "../../platform/images/files.ts";

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
    expect(edit("platform/images/context.ts")).to.have.members([...imageNames]);
    expect(edit("platform/images/wheels.ts")).to.have.members(["spark", "airflow", "jupyter"]);
    expect(edit("platform/images/go.ts")).to.deep.equal(["versitygw"]);
    expect(edit("platform/images/fetch.ts")).to.have.members(["garage", "spark", "tools", "jupyter", "display"]);
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
