import { expect } from "chai";

import { architectureMismatch } from "../../cli/engine-architecture.ts";

describe("the Docker engine's architecture", () => {
  const asked = (platform: string, Architecture?: string) =>
    architectureMismatch(platform, () => Promise.resolve(Architecture === undefined ? {} : { Architecture }));

  it("is refused where it is not the nodes', with both and the way out", async () => {
    expect(await asked("linux/amd64", "aarch64")).to.equal(
      "the Docker engine builds for arm64, and the nodes are linux/amd64; use an engine of that architecture " +
        "(docker context use, or DOCKER_HOST)",
    );
  });

  it("is well where it is the nodes', or where the engine says nothing", async () => {
    expect(await asked("linux/amd64", "x86_64")).to.equal(undefined);
    expect(await asked("linux/arm64", "aarch64")).to.equal(undefined);
    expect(await asked("linux/amd64")).to.equal(undefined);
    expect(await architectureMismatch("linux/amd64", () => Promise.reject(new Error("no engine")))).to.equal(undefined);
  });
});
