import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect } from "chai";

import { anotherCluster } from "../../cli/cluster-identity.ts";
import { targetProfile } from "../../clusters/targets.ts";
import { loadConfig } from "../../config/index.ts";
import { statePaths } from "../../engine/state.ts";

const config = loadConfig({ "millrace:cluster": { target: "minikube" } });
const stack = { name: "dev", profile: targetProfile(config.cluster) };

describe("another live cluster under the name of the stack's own", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-identity-"));
    writeFileSync(join(folder, "Pulumi.yaml"), "name: millrace\n");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const record = (text: string): void => {
    const { checkpoint } = statePaths(folder, "millrace", "dev");
    mkdirSync(dirname(checkpoint), { recursive: true });
    writeFileSync(checkpoint, text);
  };
  const madeOn = (clusterUid: string): void => {
    const resources = [{ outputs: {} }, { outputs: { clusterUid } }];
    record(JSON.stringify({ version: 3, checkpoint: { latest: { resources } } }));
  };
  const asked = (uid: string) =>
    anotherCluster({ get: <T>() => Promise.resolve({ metadata: { uid } } as T) }, stack, folder);

  it("is refused before anything is built, with both and the ways out", async () => {
    madeOn("one");
    const said = await asked("two");
    expect(said).to.match(/^context "minikube" leads to another cluster than the one that stack dev was made on/);
    expect(said).to.contain("UID two, not one").and.to.contain("npm run up -- --anew");
  });

  it("is told from the own one, and from a stack that no cluster has yet", async () => {
    expect(await asked("two")).to.equal(undefined);
    madeOn("two");
    expect(await asked("two")).to.equal(undefined);
    record("{");
    expect(await asked("two")).to.equal(undefined);
    madeOn("one");
    const refuses = { get: () => Promise.reject(new Error("forbidden")) };
    expect(await anotherCluster(refuses, stack, folder)).to.equal(undefined);
  });
});
