import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { filesBelow, repositoryDir } from "../../platform/images/files.ts";
import { baseOf, imageFolder, imageNames } from "../../images/tags.ts";

/** Java images that have none yet, with the reason. Whoever adds something trains an archive, or finds a reason. */
const without: Readonly<Record<string, string>> = {
  connect:
    "a worker serves only once it has joined its group, so that its training needs a broker, which its image has not",
  nifi: "nearly all of its classes come from archives of its own, by class loaders whose classes no such archive holds",
};
const onJava = imageNames.filter((name) => baseOf(name) === "jre");
const javaImages = onJava.filter((name) => without[name] === undefined);
const dockerfileOf = (name: string): string =>
  readFileSync(join(repositoryDir, imageFolder(name), "Dockerfile"), "utf8");
const variable = "CLASS_ARCHIVE";
/** What starts Java in a container: all files but those that make the image. */
const startFiles = (name: string): string[] =>
  filesBelow(repositoryDir, imageFolder(name))
    .filter((file) => !/(Dockerfile|\.ts|\.lock|\.java|train\.\w+|\.lock\.txt)$/.test(file))
    .map((file) => readFileSync(join(repositoryDir, file), "utf8"));

describe("archives of classes", () => {
  it("are in every image that is built on the Java base, and in those without for a reason not at all", () => {
    expect(javaImages).to.have.members(["kafka", "cassandra", "metastore", "spark", "presto", "flink", "zookeeper"]);
    expect(onJava).to.include.members(Object.keys(without));
    expect(Object.keys(without).filter((name) => dockerfileOf(name).includes(variable))).to.deep.equal([]);
    expect(javaImages.filter((name) => !/\bCLASS_ARCHIVE=\/\S+\.jsa/.test(dockerfileOf(name)))).to.deep.equal([]);
  });

  for (const name of javaImages) {
    it(`have one path in ${name}, which training, copying and starting take from one variable`, () => {
      const dockerfile = dockerfileOf(name);
      expect(dockerfile.match(/\.jsa\b/g)).to.have.length(1);
      expect(dockerfile).to.include(`COPY --from=training \${${variable}} \${${variable}}`);
      const [train] = ["train.sh", "train.py"]
        .map((file) => join(repositoryDir, imageFolder(name), file))
        .filter((file) => existsSync(file));
      expect(readFileSync(train ?? "", "utf8"))
        .to.include(variable)
        .and.to.include("-XX:ArchiveClassesAtExit=");
      const starts = startFiles(name).filter((text) => text.includes("-XX:SharedArchiveFile="));
      expect(starts).to.have.length(1);
      expect(starts[0]).to.include(variable).and.to.include("-XX:ArchiveRelocationMode=0");
    });

    it(`fit the class path of ${name}, which has its jars in the order of their names`, () => {
      const wild = startFiles(name).filter((text) => /-cp\s+\S*\/\*/.test(text));
      expect(wild).to.deep.equal([]);
    });
  }
});
