import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { PlatformImages } from "../../images/platform-images.ts";
import { buildArgs, contextDir, imageReference } from "../../images/index.ts";

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

const registry = { push: "localhost:5000", pull: "registry.example:5000" };

describe("images/platform-images", () => {
  let registered: Registered[];

  beforeEach(async () => {
    registered = [];
    await pulumi.runtime.setMocks({
      newResource: ({ type, name, inputs }) => {
        registered.push({ type, name, inputs: inputs as Record<string, unknown> });
        return { id: name, state: inputs as Record<string, unknown> };
      },
      call: ({ inputs }) => inputs as Record<string, unknown>,
    });
  });

  const make = (images: readonly string[]): PlatformImages =>
    new PlatformImages("images", { registry, images, platform: "linux/amd64" });
  const valueOf = async <T>(output: pulumi.Output<T>): Promise<T> =>
    await new Promise((resolve) => output.apply(resolve));

  it("builds an image without network from its context and pushes it by its content hash", async () => {
    await valueOf(make(["kafka"]).ref("kafka"));
    const image = registered.find(({ type }) => type === "docker:index/image:Image");
    expect(image?.name).to.equal("images-kafka");
    expect(image?.inputs).to.deep.equal({
      imageName: `localhost:5000/${imageReference("kafka")}`,
      build: {
        context: contextDir("kafka"),
        dockerfile: `${contextDir("kafka")}/Dockerfile`,
        args: buildArgs("kafka"),
        platform: "linux/amd64",
        builderVersion: "BuilderV1",
        network: "none",
      },
      buildOnPreview: false,
      skipPush: false,
    });
  });

  it("builds on the local base that the image shares with others", () => {
    expect(buildArgs("kafka")).to.deep.equal({ BASE: imageReference("jre") });
    expect(buildArgs("spark")).to.deep.equal(buildArgs("presto"));
    expect(buildArgs("tools")).to.deep.equal({ BASE: imageReference("base") });
  });

  it("refers to an image by the name under which nodes pull it", async () => {
    expect(await valueOf(make(["tools"]).ref("tools"))).to.equal(`registry.example:5000/${imageReference("tools")}`);
  });

  it("makes only the images that are named, each once", async () => {
    const images = make(["garage", "tools", "garage"]);
    await Promise.all([valueOf(images.ref("garage")), valueOf(images.ref("tools"))]);
    const names = registered.filter(({ type }) => type === "docker:index/image:Image").map(({ name }) => name);
    expect(names).to.have.members(["images-garage", "images-tools"]);
  });

  it("builds JupyterHub's image after Airflow's, whose layers it then finds in Docker's cache", async () => {
    const events: string[] = [];
    await pulumi.runtime.setMocks({
      newResource: async ({ name, inputs }) => {
        events.push(`${name} begun`);
        await new Promise((resume) => setImmediate(resume));
        events.push(`${name} built`);
        return { id: name, state: inputs as Record<string, unknown> };
      },
      call: ({ inputs }) => inputs as Record<string, unknown>,
    });
    const images = make(["jupyter", "airflow"]);
    await Promise.all([valueOf(images.ref("jupyter")), valueOf(images.ref("airflow"))]);
    const own = events.filter((event) => event.startsWith("images-"));
    expect(own).to.deep.equal([
      "images-airflow begun",
      "images-airflow built",
      "images-jupyter begun",
      "images-jupyter built",
    ]);
  });

  it("builds JupyterHub's image also where Airflow's is not wanted", async () => {
    expect(await valueOf(make(["jupyter"]).ref("jupyter"))).to.contain("millrace/jupyter:");
  });

  it("refuses to refer to an image that is not built, naming what is", () => {
    expect(() => make(["kafka"]).ref("spark")).to.throw('image "spark" is not built here (built: kafka)');
  });

  it("refuses a name that is no image of the platform", () => {
    expect(() => make(["kafak"])).to.throw("kafak is not an image of the platform; it has kafka, garage");
  });
});
