import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { type Anew, forgetLostPlatform, forgetRemovedCluster } from "../../cli/anew.ts";
import { KubeError } from "../../clusters/kubernetes-client.ts";
import { createProgress } from "../../cli/progress.ts";
import type { Stack } from "../../cli/stack.ts";
import { targetProfile } from "../../clusters/targets.ts";
import { loadConfig } from "../../config/index.ts";
import { ensureStackId, readStackId, removeStackId } from "../../engine/stack-id.ts";
import { withEngine } from "../clusters/fake-engine.ts";

const config = loadConfig({});
// A name that no container of the machine has.
const stack: Stack = {
  name: "anew",
  config,
  profile: targetProfile(config.cluster),
  namesProfile: false,
  overrides: {},
};

describe("a stack whose cluster is gone", () => {
  let folder = "";
  let forgotten: unknown[] = [];
  let passphrase: string | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-anew-"));
    writeFileSync(join(folder, "Pulumi.yaml"), "name: millrace\n");
    mkdirSync(join(folder, ".pulumi/stacks/millrace"), { recursive: true });
    const state = { version: 3, checkpoint: { latest: { resources: [{ urn: "urn:pulumi:anew::millrace::x::y" }] } } };
    writeFileSync(join(folder, ".pulumi/stacks/millrace/anew.json"), JSON.stringify(state));
    forgotten = [];
    passphrase = process.env["PULUMI_CONFIG_PASSPHRASE"];
    process.env["PULUMI_CONFIG_PASSPHRASE"] = "x";
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    if (passphrase === undefined) delete process.env["PULUMI_CONFIG_PASSPHRASE"];
    else process.env["PULUMI_CONFIG_PASSPHRASE"] = passphrase;
  });
  const options = (anew: boolean): Anew => ({
    anew,
    folder,
    progress: createProgress({ sink: { write: () => true }, live: false }),
    lock: { toEngine: () => Promise.resolve() },
    engine: {
      destroy: (given) => {
        forgotten.push(given.clusterGone);
        removeStackId(folder, "millrace", "anew");
        const changes = { create: 0, update: 0, replace: 0, delete: 1, same: 0, read: 0 };
        return Promise.resolve({ ok: true, changes, durationMs: 1, outputs: {}, errors: [] });
      },
    },
  });
  const failure = async (work: Promise<void>): Promise<string> =>
    await work.then(
      () => "no error",
      (error: unknown) => (error as Error).message,
    );

  it("is told so by up, with the way to begin anew, and nothing is forgotten without it", async () => {
    await withEngine(async () => {
      const message = await failure(forgetRemovedCluster(stack, options(false)));
      expect(message).to.contain('the embedded cluster "millrace" that stack anew was created on is gone');
      expect(message).to.contain("npm run up -- --anew");
      expect(forgotten).to.deep.equal([]);
    });
  });

  it("begins anew with --anew, under the same id", async () => {
    await withEngine(async () => {
      const id = ensureStackId(folder, "millrace", "anew");
      await forgetRemovedCluster(stack, options(true));
      expect(forgotten).to.deep.equal([true]);
      expect(readStackId(folder, "millrace", "anew")).to.equal(id);
    });
  });

  it("goes on as ever where the cluster's data are there", async () => {
    await withEngine(async (engine) => {
      engine.volumes.set("millrace-var", { "dev.millrace.cluster": "embedded" });
      await forgetRemovedCluster(stack, options(false));
      expect(forgotten).to.deep.equal([]);
    });
  });

  it("is forgotten on another target only where its namespace is not there", async () => {
    const there = () => ({ get: <T>() => Promise.resolve({} as T) });
    const message = await failure(forgetLostPlatform(stack, options(true), there));
    expect(message).to.contain("namespace millrace is on the cluster");
    expect(forgotten).to.deep.equal([]);
    const absent = () => ({ get: () => Promise.reject(new KubeError(404, "not found")) });
    await forgetLostPlatform(stack, options(true), absent);
    expect(forgotten).to.deep.equal([true]);
  });
});
