import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quorumSettings, startScript } from "../../../components/kafka/kafka-quorum.ts";

const ports = { internal: 9092, controller: 9093 };
const staticState = (...ids: number[]) =>
  JSON.stringify({ leaderId: 0, leaderEpoch: 1, currentVoters: ids.map((voterId) => ({ voterId })), data_version: 0 });

describe("the brokers' quorum", () => {
  let folder: string;
  let log: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "quorum-"));
    log = join(folder, "data");
    mkdirSync(join(folder, "bin"));
    // Stand-ins that say how they were called; the settings' writer also makes the file that the others are given.
    for (const tool of ["storage", "features", "configs", "server-start", "run-class"]) {
      const path = join(folder, "bin", `kafka-${tool}.sh`);
      writeFileSync(
        path,
        `#!/bin/bash\necho "${tool} $* voters=\${KAFKA_CONTROLLER_QUORUM_VOTERS:-}" >>${folder}/calls\n`,
      );
      chmodSync(path, 0o755);
    }
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** The calls of a start, without those that go on beside the broker. */
  function start(id: number, brokers: number): string[] {
    const script = startScript(ports).replaceAll("/opt/kafka/bin", join(folder, "bin"));
    const run = spawnSync("bash", ["-c", script], {
      encoding: "utf8",
      env: {
        PATH: process.env["PATH"],
        KAFKA_LOG_DIRS: log,
        KAFKA_NODE_ID: String(id),
        KAFKA_MIN_INSYNC_REPLICAS: "1",
        CLUSTER_ID: "c",
        BROKERS: String(brokers),
        BROKER_HOSTS: Array.from({ length: brokers }, (_, broker) => `k${broker}`).join(" "),
      },
    });
    expect(run.status, run.stderr).to.equal(0);
    return readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
  }

  function disk(state?: string): void {
    mkdirSync(join(log, "__cluster_metadata-0"), { recursive: true });
    writeFileSync(join(log, "meta.properties"), "");
    if (state !== undefined) writeFileSync(join(log, "__cluster_metadata-0/quorum-state"), state);
  }

  const formats = (calls: readonly string[]): string[] => calls.filter((call) => call.startsWith("storage"));
  const served = (calls: readonly string[]): string | undefined => calls.find((call) => call.startsWith("server"));
  const file = "/opt/kafka/config/server.properties";

  it("names all brokers and lets new ones vote by themselves", () => {
    expect(quorumSettings(["a", "b", "c"], ports)).to.deep.equal({
      KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS: "a:9093,b:9093,c:9093",
      KAFKA_CONTROLLER_QUORUM_AUTO_JOIN_ENABLE: "true",
      KAFKA_INITIAL_BROKER_REGISTRATION_TIMEOUT_MS: "600000",
    });
  });

  it("begins a quorum of its own on the new storage of a broker that is alone", () => {
    const calls = start(0, 1);
    expect(formats(calls)).to.deep.equal([`storage format --standalone --cluster-id c --config ${file} voters=`]);
    expect(served(calls)).to.equal(`server-start ${file} voters=`);
    expect(calls.filter((call) => call.startsWith("features"))).to.deep.equal([]);
  });

  it("joins the quorum with the new storage of every other broker", () => {
    expect(formats(start(1, 3))).to.deep.equal([
      `storage format --no-initial-controllers --cluster-id c --config ${file} voters=`,
    ]);
  });

  it("never formats storage that is there, whatever the number of brokers", () => {
    disk('{"leaderId":0,"leaderEpoch":3,"votedId":-1,"data_version":1}');
    for (const brokers of [1, 3]) {
      const calls = start(0, brokers);
      expect(formats(calls)).to.deep.equal([]);
      expect(served(calls)).to.equal(`server-start ${file} voters=`);
    }
  });

  it("keeps the static voters of old storage, and not those that it is none of", () => {
    disk(staticState(0, 1, 2));
    expect(served(start(1, 3))).to.equal(`server-start ${file} voters=0@k0:9093,1@k1:9093,2@k2:9093`);
    rmSync(join(folder, "calls"));
    disk(staticState(0));
    expect(served(start(1, 3))).to.equal(`server-start ${file} voters=`);
  });

  it("starts old storage of one broker as it was, also when it has grown to three", () => {
    disk(staticState(0));
    writeFileSync(join(log, "__cluster_metadata-0/00000000000000001234-0000000001.checkpoint"), "");
    expect(served(start(0, 3))).to.equal(`server-start ${file} voters=0@k0:9093`);
  });
});
