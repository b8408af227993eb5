import { expect } from "chai";
import { chooseImages, imageProblems } from "../../images/choose.ts";
import { imagesToBuild, type WantedImages } from "../../images/wanted.ts";
import { imageReference, imageTag } from "../../images/index.ts";
import { mock, type Mocked, valueOf } from "../support/mocks.ts";
import { UpstreamLock } from "../support/upstream-lock.ts";

describe("the images that services run", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const none: WantedImages = {
    garage: false,
    kafka: false,
    metastore: false,
    spark: false,
    presto: false,
    tools: false,
    postgres: false,
    airflow: false,
    jupyter: false,
    cassandra: false,
    display: false,
  };

  it("builds only images that are wanted and not given", () => {
    expect(imagesToBuild({ ...none, kafka: { image: "apache/kafka:4.3.1" }, spark: {} })).to.deep.equal(["spark"]);
  });

  it("hands out a given image as it is", async () => {
    const wanted = { ...none, kafka: { image: "apache/kafka:4.3.1" } };
    const image = chooseImages({ wanted, registry: undefined, platform: "linux/amd64" });
    expect(await valueOf(image("kafka"))).to.equal("apache/kafka:4.3.1");
    expect(() => image("spark")).to.throw('image "spark" is neither given nor wanted');
    expect(await mocked.resources()).to.deep.equal([]);
  });

  it("refuses to build where there is no registry to push to", () => {
    expect(imageProblems({ wanted: { ...none, spark: {} }, registry: undefined })).to.deep.equal([
      'image "spark": there is no registry to push it to; set millrace:cluster.registry, or give an image',
    ]);
  });

  it("are made of official images where the stack says, and of packages where there is none", async () => {
    const lock = new UpstreamLock().with(["kafka-upstream"]);
    try {
      const wanted = { ...none, kafka: { made: "kafka-upstream" }, tools: {} };
      expect(imagesToBuild(wanted)).to.deep.equal(["kafka-upstream", "tools"]);
      const registry = { push: "localhost:5000", pull: "registry.example" };
      const image = chooseImages({ wanted, registry, platform: "linux/amd64" });
      expect(await valueOf(image("kafka"))).to.equal(`registry.example/${imageReference("kafka-upstream")}`);
      expect(await valueOf(image("tools"))).to.equal(`registry.example/${imageReference("tools")}`);
      const [made] = (await mocked.resources()).filter(({ name }) => name === "images-kafka-upstream");
      expect(made?.inputs["build"]).to.include({ network: "none" });
      expect((made?.inputs["build"] as { args: unknown }).args).to.deep.equal({
        BASE: `millrace/kafka-upstream-base:${imageTag("kafka-upstream")}`,
      });
    } finally {
      lock.remove();
    }
  });

  it("are refused while the digests of the official ones are not known, all in one message", () => {
    const lock = new UpstreamLock();
    try {
      const wanted = { ...none, kafka: { made: "kafka-upstream" }, presto: { made: "presto-upstream" } };
      const problems = imageProblems({ wanted, registry: { push: "r", pull: "r" } });
      expect(problems).to.have.length(1);
      expect(problems[0]).to.match(
        /no digest of docker.io\/apache\/kafka:\S+, docker.io\/prestodb\/presto:\S+; where a registry/,
      );
    } finally {
      lock.remove();
    }
  });
});
