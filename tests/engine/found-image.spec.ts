import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { completed } from "../../engine/plan.ts";
import { dockerProvider } from "../../engine/providers/docker.ts";
import type { StepContext } from "../../engine/provider.ts";
import { type Props, secret } from "../../engine/values.ts";
import { buildSettings } from "../../images/index.ts";
import { FakeRegistry } from "../support/fake-registry.ts";

const type = "docker:index/image:Image";

describe("an image that the registry has", () => {
  let registry: FakeRegistry;
  before(async () => {
    registry = await FakeRegistry.start();
  });
  after(() => registry.stop());

  // No engine listens there: whoever builds, or asks for a local image, fails.
  const provider = dockerProvider({ host: "unix:///nowhere/docker.sock" }, "/");
  const inputsFor = (context: string) => ({
    imageName: `${registry.server}/millrace/kafka:1`,
    build: { ...buildSettings("kafka", "linux/amd64"), context, dockerfile: `${context}/Dockerfile` },
    skipPush: false,
  });
  const step = (inputs: Props): StepContext => ({
    urn: "urn",
    type,
    name: "images-kafka",
    inputs,
    signal: new AbortController().signal,
    progress: () => undefined,
  });

  it("is made without a build context, by the same inputs as one that is built, so that nothing changes afterwards", async () => {
    const digest = registry.put("millrace/kafka", "1", ["layer"]);
    const inputs = inputsFor("/nowhere");
    const { id, outputs, noted } = await provider.create(step(inputs));
    expect(noted).to.equal(undefined);
    expect(id).to.equal(`${registry.server}/millrace/kafka@${digest}`);
    expect(outputs).to.include({ imageName: inputs.imageName, repoDigest: id, context: "/nowhere" });
    const diff = provider.diff(type, inputs, structuredClone(inputs), false);
    expect(diff).to.deep.include({ paths: [], replaces: [] });
  });

  it("is recorded with the digest of a context that is there, by which the official provider compares", async () => {
    registry.put("millrace/kafka", "1", ["layer"]);
    const folder = mkdtempSync(join(tmpdir(), "context-"));
    try {
      writeFileSync(join(folder, "Dockerfile"), "FROM scratch\n");
      const inputs = inputsFor(folder);
      const made = await provider.create(step(inputs));
      const entry = completed({ urn: "urn", custom: true, type, inputs }, made, undefined, "2026-11-28T00:00:00Z");
      const contextDigest = (entry.inputs?.["build"] as Props)["contextDigest"];
      expect(contextDigest).to.match(/^[0-9a-f]{64}$/);
      expect(entry.inputs).to.deep.equal({ ...inputs, build: { ...inputs.build, contextDigest } });
      expect(entry.outputs?.["__inputs"]).to.deep.equal(secret(entry.inputs));
      expect(provider.diff(type, entry.inputs ?? {}, inputs, false).paths).to.deep.equal([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
