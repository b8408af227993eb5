import { expect } from "chai";
import { existingProblems } from "../../../components/zookeeper/existing.ts";
import { ExistingZooKeeper } from "../../../components/zookeeper/existing-zookeeper.ts";
import { loadConfig } from "../../../config/index.ts";
import { podProblems } from "../../../platform/hardening.ts";
import { envOf, resources } from "../../support/fixtures.ts";
import { mock, namesOf, valueOf } from "../../support/mocks.ts";

describe("an existing ZooKeeper", () => {
  const at = "millrace:services.zookeeper.existing";
  const given = { servers: "zk1:2181,zk2:2182", path: "/millrace", username: "me" };

  it("is one account for all, each with a node below the platform's, once a Job has made them", async () => {
    const mocked = await mock();
    const ensemble = new ExistingZooKeeper("zookeeper", {
      namespace: "data",
      toolsImage: "tools:1",
      setupResources: resources,
      servers: given.servers,
      path: "/teams/millrace",
      user: "me",
      password: { secretName: (await import("@pulumi/pulumi")).output("mine"), key: "password" },
      consumers: ["proof", "nifi"],
    });
    const endpoint = ensemble.access("nifi");
    expect(endpoint).to.deep.include({ kind: "zookeeper", path: "/teams/millrace/nifi", user: "me" });
    expect(await valueOf(endpoint.servers)).to.equal(given.servers);
    expect(endpoint.at).to.deep.include({ ports: [2181, 2182] });
    expect(await namesOf(endpoint.ready)).to.deep.equal(["zookeeper-existing-setup"]);
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "zookeeper-existing-setup");
    expect(podProblems(inputs.spec.template.spec, false)).to.deep.equal([]);
    expect(envOf(inputs)).to.deep.include({
      ZOOKEEPER_SERVERS: given.servers,
      ZOOKEEPER_USER: "me",
      ZOOKEEPER_ROOT: "/teams/millrace",
      CONSUMERS: "proof,nifi",
    });
    expect(() => ensemble.access("other" as "proof")).to.throw("other");
  });

  it("wants one password, and ports", () => {
    expect(existingProblems({ ...given, password: "x" })).to.deep.equal([]);
    expect(existingProblems({ ...given, secretName: "mine" })).to.deep.equal([]);
    expect(existingProblems({ ...given, servers: "zk1:0", password: "hush", secretName: "mine" })).to.deep.equal([
      `${at}.servers: received "zk1:0"; give a port from 1 to 65535`,
      `${at}: has both password and secretName; give one of them`,
    ]);
    expect(existingProblems(given)).to.deep.equal([
      `${at}: has no password; give password, set encrypted, or secretName, a Secret with key password`,
    ]);
  });

  it("is refused with a wrong setting before anything is made, and takes the place of the platform's own", () => {
    const load = (existing: object) =>
      loadConfig(
        { "millrace:profile": "streams", "millrace:services": { zookeeper: { existing } } },
        "Pulumi.test.yaml",
      );
    expect(() => load({ ...given, servers: "zk1" })).to.throw(/existing\.servers.*members as "host:port,host:port"/);
    expect(() => load({ ...given, path: "millrace" })).to.throw(/existing\.path.*a node, for example "\/millrace"/);
    expect(() => load(given)).to.throw("has no password");
    expect(load({ ...given, password: "x" }).services.zookeeper.existing?.path).to.equal("/millrace");
  });
});
