import { expect } from "chai";
import { chooseImages, imageProblems } from "../../images/choose.ts";
import { imagesToBuild, type WantedImages } from "../../images/wanted.ts";
import { mock, type Mocked, valueOf } from "../support/mocks.ts";

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
});
