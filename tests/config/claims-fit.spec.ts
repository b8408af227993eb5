import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { projectDir } from "../../cli/paths.ts";
import { claimShortage, hasClaimsAhead, NODE_RESERVE_BYTES } from "../../config/claims-fit.ts";
import { loadConfig } from "../../config/index.ts";

const GIB = 2 ** 30;
const config = (profile: string, services: object = {}, cluster: object = {}) =>
  loadConfig({ "millrace:profile": profile, "millrace:services": services, "millrace:cluster": cluster });
const volume = (set: string, size: number, used = 0, namespace = "millrace") => ({
  claim: { namespace, name: `data-${set}-0` },
  sizeBytes: size * GIB,
  usedBytes: used * GIB,
});
const core = [
  volume("kafka", 6, 0.05),
  volume("object-store", 11, 0.05),
  volume("metastore", 1, 0.1),
  volume("postgres", 3),
];
const grown = {
  kafka: { storage: { kind: "persistent", size: "6Gi" } },
  objectStore: { storage: { kind: "persistent", size: "11Gi" } },
  postgres: { storage: { kind: "persistent", size: "3Gi" } },
};

describe("the room for claims", () => {
  it("that lacks is told before anything is made: for which claims, how much, and the ways out", () => {
    const found = claimShortage(config("pipeline", grown), { freeBytes: 27.5 * GIB, volumes: core });
    expect(found).to.deep.equal({
      detail:
        "the claims that up makes or lets grow may fill 9.0 GiB more (cassandra 5.0 GiB, logs 2.0 GiB, metrics 2.0 GiB), and the cluster's disk has 4.7 GiB left " +
        "for them: 27.5 GiB are free, 20.8 GiB of that are promised to other claims and 2.0 GiB kept for the node itself",
      next:
        "free room on the disk where Docker keeps its volumes (npm run clean removes what no build needs any more), or set smaller " +
        "sizes: millrace:services.cassandra.storage.size, millrace:services.logs.storage.size, millrace:services.metrics.storage.size; or choose a smaller profile (npm run up -- --profile core)",
    });
    expect(claimShortage(config("pipeline", grown), { freeBytes: 31.81 * GIB, volumes: core })).to.equal(undefined);
  });

  it("is wanted for all claims of a cluster that is still to be made", () => {
    const room = (freeGi: number) => ({ freeBytes: freeGi * GIB, volumes: [] });
    expect(claimShortage(config("core"), room(20))).to.equal(undefined);
    expect(claimShortage(config("core"), room(19.9))?.detail).to.contain(
      "may fill 18.0 GiB more (kafka 5.0 GiB, objectStore 10.0 GiB, catalog 1.0 GiB, postgres 2.0 GiB), and the cluster's disk has 17.9 GiB left",
    );
    expect(claimShortage(config("core"), room(19.9))?.next).not.to.contain("--profile");
    const three = config("core", { kafka: { replicas: 3 } });
    expect(claimShortage(three, room(28))?.detail).to.contain("kafka 15.0 GiB");
  });

  it("is wanted for what a claim may fill once it has grown, less what it holds", () => {
    const larger = config("core", { ...grown, kafka: { storage: { kind: "persistent", size: "9Gi" } } });
    const volumes = [
      volume("kafka", 6, 5),
      volume("object-store", 11, 10),
      volume("metastore", 1, 1),
      volume("postgres", 3, 3),
    ];
    expect(claimShortage(larger, { freeBytes: 7 * GIB, volumes })).to.equal(undefined);
    expect(claimShortage(larger, { freeBytes: 6.9 * GIB, volumes })?.detail).to.contain(
      "may fill 4.0 GiB more (kafka 4.0 GiB), and the cluster's disk has 3.9 GiB left for them: 6.9 GiB are free, 1.0 GiB of that",
    );
  });

  it("is not asked for where no claim comes or grows, however full the disk is", () => {
    expect(hasClaimsAhead(config("core", grown), core)).to.equal(false);
    expect(claimShortage(config("core", grown), { freeBytes: 0, volumes: core })).to.equal(undefined);
    expect(hasClaimsAhead(config("core", {}, { storageClass: "none" }), [])).to.equal(false);
    const inPods = { storage: { kind: "ephemeral" } };
    const nothing = config("core", { kafka: inPods, objectStore: inPods, catalog: inPods, postgres: inPods });
    expect(hasClaimsAhead(nothing, [])).to.equal(false);
  });

  it("counts volumes of others as promised, and takes none of them for a claim of the stack", () => {
    const others = [...core.slice(1), volume("kafka", 6, 0, "another")];
    expect(claimShortage(config("core", grown), { freeBytes: 20 * GIB, volumes: others })?.detail).to.contain(
      "(kafka 6.0 GiB), and the cluster's disk has 0.0 GiB left for them: 20.0 GiB are free, 20.9 GiB of that are promised",
    );
  });

  it("is counted with the provisioner's own reserve", () => {
    const source = readFileSync(join(projectDir, "clusters/embedded/node/provisioner/disk.go"), "utf8");
    expect(source).to.contain("const reserve = 2 << 30\n");
    expect(NODE_RESERVE_BYTES).to.equal(2 * GIB);
  });
});
