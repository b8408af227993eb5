import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

import { pushLogin, registryDigest } from "../../engine/providers/docker.ts";
import { FakeRegistry } from "../support/fake-registry.ts";

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

describe("a registry that asks for logins", () => {
  const login = { username: "ana", password: "a" };
  const chosen = process.env["DOCKER_CONFIG"];
  let registry: FakeRegistry;
  let folder: string;
  before(async () => {
    registry = await FakeRegistry.start({ login: { kind: "bearer", ...login } });
    folder = mkdtempSync(join(tmpdir(), "millrace-login-"));
    const auth = Buffer.from("ana:a").toString("base64");
    writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [registry.server]: { auth } } }));
    process.env["DOCKER_CONFIG"] = folder;
  });
  after(async () => {
    if (chosen === undefined) delete process.env["DOCKER_CONFIG"];
    else process.env["DOCKER_CONFIG"] = chosen;
    rmSync(folder, { recursive: true });
    await registry.stop();
  });

  it("is asked, and pushed to, by this machine's login", async () => {
    const digest = registry.put("millrace/kafka", "1", ["a"]);
    expect(await registryDigest(`${registry.server}/millrace/kafka:1`)).to.equal(digest);
    expect(await pushLogin(registry.server, {})).to.deep.equal({ ...login, serveraddress: registry.server });
  });

  it("is pushed to by the login that the program names, where it names one", async () => {
    const named = { username: "ben", password: "b", server: registry.server };
    expect(await pushLogin("other", named)).to.deep.equal({
      username: "ben",
      password: "b",
      serveraddress: registry.server,
    });
  });
});
