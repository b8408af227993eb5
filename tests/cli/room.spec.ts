import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { fitWarnings } from "../../cli/room.ts";
import { targetProfile } from "../../clusters/targets.ts";
import { loadConfig } from "../../config/index.ts";
import { FakeServer } from "../support/fake-server.ts";
import { writeKubeconfig } from "../support/kubeconfig.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-spec-"));

describe("a platform that is previewed", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const stackOf = (cluster: object, memory: string) => {
    const config = loadConfig({
      "millrace:cluster": { kubeconfig: writeKubeconfig(folder, { prod: server.url }), ...cluster },
      "millrace:services": { kafka: { memory } },
    });
    return { config, profile: targetProfile(config.cluster) };
  };
  const cloud = { target: "cloud", context: "prod", registry: { push: "registry.example.com" } };
  const nodes = (...memory: string[]) => ({
    "GET /api/v1/nodes": {
      body: { items: memory.map((one) => ({ status: { allocatable: { cpu: "16", memory: one } } })) },
    },
  });

  it("is warned of with both sums where its nodes can't give what it requests", async () => {
    server.reset(nodes("40Gi", "8Gi"));
    expect(await fitWarnings(stackOf(cloud, "2Gi"))).to.deep.equal([]);
    const [warning = ""] = await fitWarnings(stackOf(cloud, "100Gi"));
    expect(warning)
      .to.match(
        /^the platform requests .* and 1\d\d\.\d\d GiB of memory, and the nodes can give 32\.00 cores and 48\.00 GiB of memory/,
      )
      .and.contain("the largest parts are kafka 100.00 GiB");
  });

  it("is held against this machine before there is an embedded cluster, and against nothing where no other one answers", async () => {
    const embedded = { target: "embedded", kubeconfig: undefined, embedded: { name: "spec-of-no-cluster" } };
    expect((await fitWarnings(stackOf(embedded, "1000Gi"))).join()).to.contain(
      "the largest parts are kafka 670.00 GiB",
    );
    expect(await fitWarnings(stackOf({ ...cloud, context: "nowhere" }, "1000Gi"))).to.deep.equal([]);
  });
});
