import { expect } from "chai";
import { dataProblems, Storage, storageProblems } from "../../platform/storage.ts";

describe("storage", () => {
  it("claims from the named class", () => {
    const { claimTemplates, volumes } = new Storage({ storageClass: "fast" }).volume("data", {
      kind: "persistent",
      size: "5Gi",
    });
    expect(claimTemplates).to.deep.equal([
      {
        metadata: { name: "data" },
        spec: {
          accessModes: ["ReadWriteOnce"],
          resources: { requests: { storage: "5Gi" } },
          storageClassName: "fast",
        },
      },
    ]);
    expect(volumes).to.deep.equal([]);
  });

  it("names no class when the cluster's default is wanted", () => {
    const { claimTemplates } = new Storage({ storageClass: "default" }).volume("data", {
      kind: "persistent",
      size: "5Gi",
    });
    expect(JSON.stringify(claimTemplates)).not.to.contain("storageClassName");
  });

  it("falls back to an emptyDir of that size where nothing provisions volumes", () => {
    const storage = new Storage({ storageClass: "none" });
    expect(storage.persistent).to.equal(false);
    expect(storage.volume("data", { kind: "persistent", size: "5Gi" })).to.deep.equal({
      claimTemplates: [],
      claims: [],
      volumes: [{ name: "data", emptyDir: { sizeLimit: "5Gi" } }],
      owner: {},
    });
  });

  it("uses an emptyDir for data that is meant to go with its pod", () => {
    expect(new Storage({ storageClass: "fast" }).volume("data", { kind: "ephemeral" })).to.deep.equal({
      claimTemplates: [],
      claims: [],
      volumes: [{ name: "data", emptyDir: { sizeLimit: "100Gi" } }],
      owner: {},
    });
  });

  it("names each claim with its size as the API server spells it", () => {
    const sizeOf = (size: string) =>
      new Storage({ storageClass: "fast" }).volume("data", { kind: "persistent", size }).claims;
    expect(sizeOf("5Gi")).to.deep.equal([{ name: "data", size: "5Gi" }]);
    expect(sizeOf("2048Mi")).to.deep.equal([{ name: "data", size: "2Gi" }]);
    expect(sizeOf("1048576Mi")).to.deep.equal([{ name: "data", size: "1Ti" }]);
    expect(sizeOf("1500Mi")).to.deep.equal([{ name: "data", size: "1500Mi" }]);
  });

  it("says what a wrong class or size is and how to write it", () => {
    expect(storageProblems({ storageClass: "Fast Disk" })[0]).to.match(/^storageClass "Fast Disk" .*kubectl get/);
    expect(() => new Storage({ storageClass: "Fast Disk" })).to.throw("Fast Disk");
    expect(dataProblems("kafka", { kind: "persistent", size: "5 gigs" })).to.deep.equal([
      'kafka: size "5 gigs" is not a size; write a number with Mi, Gi or Ti, for example "5Gi"',
    ]);
    expect(dataProblems("kafka", { kind: "ephemeral" })).to.deep.equal([]);
  });
});
