import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startScript, zooCfg } from "../../../components/zookeeper/zookeeper-settings.ts";
import { ZooKeeper, zookeeperProblems } from "../../../components/zookeeper/zookeeper.ts";
import { podProblems } from "../../../platform/hardening.ts";
import { Storage } from "../../../platform/storage.ts";
import { envOf, resources } from "../../support/fixtures.ts";
import { mock, type Mocked, namesOf, valueOf } from "../../support/mocks.ts";

describe("ZooKeeper", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const settings = {
    namespace: "data",
    image: "zookeeper:3.9",
    toolsImage: "tools:1",
    storage: new Storage({ storageClass: "default" }),
    resources,
    setupResources: resources,
    consumers: ["proof", "nifi"],
  } as const;
  const make = (replicas = 1) => new ZooKeeper("zookeeper", { ...settings, replicas });
  const members = async () => (await mocked.get("kubernetes:apps/v1:StatefulSet", "zookeeper")).inputs;

  it("offers each consumer its own node and account, with its password by reference, once the setup has ended", async () => {
    const endpoint = make(3).access("nifi");
    expect(endpoint).to.include({ kind: "zookeeper", path: "/nifi", user: "nifi" });
    expect(await valueOf(endpoint.servers)).to.equal(
      [0, 1, 2].map((ordinal) => `zookeeper-${ordinal}.zookeeper-members.data.svc:2181`).join(","),
    );
    expect(await valueOf(endpoint.password.secretName)).to.equal("zookeeper-role-nifi");
    expect(await namesOf(endpoint.ready)).to.deep.equal(["zookeeper-setup"]);
  });

  it("is reached by its Service where it has one member", async () => {
    expect(await valueOf(make().access("nifi").servers)).to.equal("zookeeper.data.svc:2181");
  });

  it("has no account for a consumer that was not declared", () => {
    expect(() => make().access("hbase" as "nifi")).to.throw(
      'zookeeper: "hbase" has no account; the consumers are proof, nifi',
    );
  });

  it("runs hardened, with its data on a claim, and tells of a change of its settings", async () => {
    make();
    const set = await members();
    expect(podProblems(set.spec.template.spec, true)).to.deep.equal([]);
    expect(set.spec.volumeClaimTemplates).to.have.length(1);
    expect(set.spec.template.metadata.annotations).to.have.property("millrace/config-hash");
    expect(envOf(set)).to.include({ JMXDISABLE: "true" });
    expect(envOf(set)["SERVER_JVMFLAGS"]).to.include("-Dzookeeper.fips-mode=false");
    const setup = (await mocked.get("kubernetes:batch/v1:Job", "zookeeper-setup")).inputs;
    expect(podProblems(setup.spec.template.spec, false)).to.deep.equal([]);
    expect(envOf(setup)).to.include({ ZOOKEEPER_USER: "super", CONSUMERS: "proof,nifi" });
  });

  it("has a budget of one member for a node that is emptied, where there are several", async () => {
    make(3);
    expect(await mocked.ofType("kubernetes:policy/v1:PodDisruptionBudget")).to.have.length(1);
    expect((await members()).spec.replicas).to.equal(3);
  });

  it("is refused with members that can't agree, without claims for several, and with names that are taken", () => {
    expect(zookeeperProblems({ replicas: 2, consumers: [] })).to.deep.equal([
      "zookeeper: replicas is 2; every member votes, and an even number of voters survives no more failures than one less, so give 1, 3 or 5",
    ]);
    expect(zookeeperProblems({ replicas: 3, data: { kind: "ephemeral" }, consumers: [] })).to.deep.equal([
      'zookeeper: data is ephemeral, and members that come back empty could agree on an empty tree; use data of kind "persistent", or 1 replica',
    ]);
    expect(zookeeperProblems({ consumers: ["super", "Nifi", "nifi-2"] })).to.deep.equal([
      'zookeeper: consumer "super"; give lower-case letters, digits and dashes, not super or quorum',
      'zookeeper: consumer "Nifi"; give lower-case letters, digits and dashes, not super or quorum',
    ]);
  });

  describe("settings of its members", () => {
    const ensemble = { name: "zookeeper", namespace: "data", headlessService: "zookeeper-members" };
    const lines = (replicas: number) =>
      zooCfg({ ...ensemble, replicas })
        .trimEnd()
        .split("\n");

    it("let nobody in who does not log in, and no member without data vote as if there had never been any", () => {
      for (const replicas of [1, 3]) {
        expect(lines(replicas)).to.include.members([
          "enforce.auth.enabled=true",
          "enforce.auth.schemes=sasl",
          "db.autocreate=false",
          "4lw.commands.whitelist=ruok,srvr",
        ]);
      }
    });

    it("name the members where there are several, who log in among themselves, too", () => {
      expect(lines(1)).to.include("clientPort=2181");
      expect(lines(1).filter((line) => /^server\.|^quorum\./.test(line))).to.deep.equal([]);
      expect(lines(3).filter((line) => line.startsWith("server."))).to.deep.equal(
        [0, 1, 2].map(
          (ordinal) => `server.${ordinal + 1}=zookeeper-${ordinal}.zookeeper-members.data.svc:2888:3888;2181`,
        ),
      );
      expect(lines(3)).to.include.members([
        "quorum.auth.serverRequireSasl=true",
        "quorum.auth.learnerRequireSasl=true",
        "quorumListenOnAllIPs=true",
      ]);
    });
  });

  describe("its start", () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "zookeeper-"));
      for (const user of ["super", "quorum", "proof"]) {
        mkdirSync(join(folder, "passwords", user), { recursive: true });
        writeFileSync(join(folder, "passwords", user, "password"), `${user}1`);
      }
      mkdirSync(join(folder, "data"));
      writeFileSync(join(folder, "entrypoint"), '#!/bin/sh\necho "$ZOO_MY_ID $*"\n');
      chmodSync(join(folder, "entrypoint"), 0o755);
    });
    afterEach(() => {
      rmSync(folder, { recursive: true });
    });

    /** @returns what was started, the logins, and whether the member may begin an empty tree */
    const start = (ordinal: number, replicas: number) => {
      const script = startScript(replicas)
        .replaceAll("/run/passwords", join(folder, "passwords"))
        .replaceAll("/data", join(folder, "data"))
        .replaceAll("/tmp/jaas.conf", join(folder, "jaas.conf"))
        .replaceAll("/docker-entrypoint.sh", join(folder, "entrypoint"));
      const env = { ...process.env, HOSTNAME: `zookeeper-${ordinal}` };
      const said = execFileSync("bash", ["-c", script], { encoding: "utf8", env }).trim();
      const has = (file: string): boolean =>
        execFileSync("ls", [join(folder, "data")], { encoding: "utf8" }).includes(file);
      return { said, logins: readFileSync(join(folder, "jaas.conf"), "utf8"), mayBegin: has("initialize") };
    };

    it("tells the member its number by its pod's name, and all logins by their files", () => {
      const { said, logins } = start(2, 3);
      expect(said).to.equal("3 zkServer.sh start-foreground");
      const module = "org.apache.zookeeper.server.auth.DigestLoginModule";
      expect(logins.trimEnd().split("\n")).to.deep.equal([
        `Server { ${module} required  user_proof="proof1" user_super="super1"; };`,
        `QuorumServer { ${module} required user_quorum="quorum1"; };`,
        `QuorumLearner { ${module} required username="quorum" password="quorum1"; };`,
      ]);
    });

    it("lets just more than half of the members begin an empty tree, and none that has data", () => {
      expect(start(2, 3).mayBegin).to.equal(false);
      expect(start(1, 3).mayBegin).to.equal(true);
      rmSync(join(folder, "data/initialize"));
      mkdirSync(join(folder, "data/version-2"));
      // A first start that was killed before it had written anything.
      expect(start(0, 3).mayBegin).to.equal(true);
      rmSync(join(folder, "data/initialize"));
      writeFileSync(join(folder, "data/version-2/snapshot.0"), "");
      expect(start(0, 3).mayBegin).to.equal(false);
      expect(start(0, 1).mayBegin).to.equal(false);
    });
  });
});
