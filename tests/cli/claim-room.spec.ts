import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { shortageOf } from "../../cli/claim-room.ts";
import { projectDir } from "../../cli/paths.ts";
import type { Stack } from "../../cli/stack.ts";
import { embeddedNames } from "../../clusters/embedded/container-spec.ts";
import { STORAGE_CLASS } from "../../clusters/embedded/node-disk.ts";
import { targetProfile } from "../../clusters/targets.ts";
import { loadConfig } from "../../config/index.ts";
import { withEngine } from "../clusters/fake-engine.ts";
import { FakeServer } from "../support/fake-server.ts";
import { writeKubeconfig } from "../support/kubeconfig.ts";

const GIB = 2 ** 30;
const folder = mkdtempSync(join(tmpdir(), "millrace-spec-"));
const names = embeddedNames("spec-of-room");
const root = "/var/lib/millrace/volumes";

function stackOf(target: string, server: string, size = "5Gi", more: object = {}): Stack {
  const context = names.container;
  const kubeconfig = writeKubeconfig(folder, { [context]: server }, context);
  const config = loadConfig({
    "millrace:cluster":
      target === "embedded"
        ? { target, embedded: { name: names.container }, ...more }
        : { target, context, registry: { push: "registry.example.com" } },
    "millrace:services": { kafka: { storage: { kind: "persistent", size } } },
  });
  const profile = { ...targetProfile(config.cluster), kubeconfig, context };
  return { name: "spec", config, profile, namesProfile: false, overrides: {} };
}

const volume = (set: string, storage: string) => ({
  spec: {
    capacity: { storage },
    claimRef: { namespace: "millrace", name: `data-${set}-0` },
    hostPath: { path: `${root}/${set}` },
  },
});

describe("the room for claims, asked before an up", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  it("is that of the node that runs, with what its volumes hold", async () => {
    const items = [
      volume("kafka", "5Gi"),
      volume("object-store", "10Gi"),
      volume("metastore", "1Gi"),
      { spec: { csi: {} } },
    ];
    server.reset({ "GET /api/v1/persistentvolumes": { body: { items } } });
    await withEngine(async (engine) => {
      engine.volumes.set(names.volume, {});
      engine.containers.set(names.container, { id: "1", labels: {}, running: true });
      engine.output = `${10 * GIB}\n${2 * GIB}\t${root}/kafka\n${4 * GIB}\t${root}/object-store\n`;
      const found = await shortageOf(stackOf("embedded", server.url), true);
      expect(found?.detail).to.equal(
        "the claims that up makes or lets grow may fill 2.0 GiB more (postgres 2.0 GiB), and the cluster's disk has 0.0 GiB left " +
          "for them: 10.0 GiB are free, 10.0 GiB of that are promised to other claims and 2.0 GiB kept for the node itself",
      );
      engine.output = engine.output.replace(String(10 * GIB), String(14 * GIB));
      expect(await shortageOf(stackOf("embedded", server.url), true)).to.equal(undefined);
    });
  });

  it("is that of Docker's disk before there is a cluster", async () => {
    await withEngine(async (engine) => {
      engine.root = folder;
      const found = await shortageOf(stackOf("embedded", server.url, "65536Gi"), false);
      expect(found?.detail).to.contain("kafka 65536.0 GiB");
    });
  });

  it("is not guessed: of a cluster that does not answer yet, of other targets and other classes nothing is said", async () => {
    server.reset({});
    await withEngine(async (engine) => {
      engine.volumes.set(names.volume, {});
      engine.containers.set(names.container, { id: "1", labels: {}, running: true });
      engine.output = "0\n";
      expect(await shortageOf(stackOf("embedded", server.url), true)).to.equal(undefined);
      expect(await shortageOf(stackOf("embedded", server.url), false)).to.equal(undefined);
      expect(await shortageOf(stackOf("cloud", server.url, "65536Gi"), true)).to.equal(undefined);
      engine.volumes.clear();
      engine.root = folder;
      const other = { storageClass: "nfs" };
      expect(await shortageOf(stackOf("embedded", server.url, "65536Gi", other), false)).to.equal(undefined);
      const node = join(projectDir, "clusters/embedded/node/supervisor/pose.go");
      expect(readFileSync(node, "utf8")).to.contain(`setting("MILLRACE_STORAGE_CLASS", "${STORAGE_CLASS}")`);
    });
  });
});
