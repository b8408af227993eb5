import { createServer } from "node:http";
import { expect } from "chai";

import { registryDigest } from "../../engine/providers/docker.ts";

/** Ports that browsers, and with them `fetch`, refuse. */
const refusedPorts = [6697, 6669, 6668, 6667, 6666, 6566];

describe("whether the registry has an image", () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
    if (request.url === "/v2/millrace/kafka/manifests/2") response.writeHead(404).end();
    else response.writeHead(200, { "docker-content-digest": "sha256:1" }).end();
  });
  let registry = "";
  before(async () => {
    for (const port of refusedPorts) {
      const isOurs = await new Promise<boolean>((resolve) => {
        server.once("error", () => {
          resolve(false);
        });
        server.listen(port, "localhost", () => {
          resolve(true);
        });
      });
      if (!isOurs) continue;
      registry = `localhost:${port}`;
      return;
    }
    throw new Error(`none of the ports ${refusedPorts.join(", ")} is free`);
  });
  after(() => server.close());

  it("is asked on every port, also on those that browsers refuse: a second cluster's is 6000", async () => {
    expect(await registryDigest(`${registry}/millrace/kafka:1`)).to.equal("sha256:1");
    expect(asked).to.deep.equal(["HEAD /v2/millrace/kafka/manifests/1"]);
  });

  it("is no for a tag that it lacks, and where nobody answers", async () => {
    expect(await registryDigest(`${registry}/millrace/kafka:2`)).to.equal(undefined);
    expect(await registryDigest("localhost:1/millrace/kafka:1")).to.equal(undefined);
    expect(await registryDigest("kafka:1")).to.equal(undefined);
  });
});
