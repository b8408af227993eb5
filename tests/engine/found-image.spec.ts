import { expect } from "chai";
import { dockerProvider } from "../../engine/providers/docker.ts";
import type { StepContext } from "../../engine/provider.ts";
import { buildSettings } from "../../images/index.ts";
import { FakeRegistry } from "../support/fake-registry.ts";

const type = "docker:index/image:Image";

describe("an image that the registry has", () => {
  let registry: FakeRegistry;
  before(async () => {
    registry = await FakeRegistry.start();
  });
  after(() => registry.stop());

  it("is made without a build context, by the same inputs as one that is built, so that nothing changes afterwards", async () => {
    const digest = registry.put("millrace/kafka", "1", ["layer"]);
    const inputs = {
      imageName: `${registry.server}/millrace/kafka:1`,
      build: { ...buildSettings("kafka", "linux/amd64"), context: "/nowhere", dockerfile: "/nowhere/Dockerfile" },
      skipPush: false,
    };
    // No engine listens there: whoever builds, or asks for a local image, fails.
    const provider = dockerProvider({ host: "unix:///nowhere/docker.sock" }, "/");
    const context: StepContext = {
      urn: "urn",
      type,
      name: "images-kafka",
      inputs,
      signal: new AbortController().signal,
      progress: () => undefined,
    };
    const { id, outputs } = await provider.create(context);
    expect(id).to.equal(`${registry.server}/millrace/kafka@${digest}`);
    expect(outputs).to.include({ imageName: inputs.imageName, repoDigest: id, context: "/nowhere" });
    const diff = provider.diff(type, inputs, structuredClone(inputs), false);
    expect(diff).to.deep.include({ paths: [], replaces: [] });
  });
});
