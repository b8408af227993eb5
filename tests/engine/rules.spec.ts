import { createCipheriv, pbkdf2Sync } from "node:crypto";
import { expect } from "chai";
import { Ledger } from "../../engine/ledger.ts";
import { readiness } from "../../engine/providers/kubernetes-wait.ts";
import { replacePaths } from "../../engine/providers/kubernetes-replace.ts";
import { Crypter } from "../../engine/secrets.ts";
import { makeUrn } from "../../engine/urn.ts";
import { isBelow, keepAt, pathSteps } from "../../engine/property-path.ts";
import { Events } from "../../engine/events.ts";
import { diffPaths, hideTexts, isSecret, mask, secret, unknown } from "../../engine/values.ts";

describe("secrets of the state", () => {
  it("open what the passphrase scheme of the official CLI sealed", async () => {
    const salt = Buffer.alloc(8, 7);
    const nonce = Buffer.alloc(12, 9);
    const key = pbkdf2Sync("pass", salt, 1_000_000, 32, "sha256");
    const seal = (text: string) => {
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const data = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
      return `v1:${nonce.toString("base64")}:${data.toString("base64")}`;
    };
    const crypter = await Crypter.open("pass", `v1:${salt.toString("base64")}:${seal("pulumi")}`);
    expect(crypter.decrypt(seal("hello"))).to.equal("hello");
  });

  it("keep their ciphertext while they do not change", async () => {
    const crypter = await Crypter.create("pass");
    const sealed = crypter.seal({ key: secret({ deep: ["value"] }) });
    expect(JSON.stringify(sealed)).not.to.contain("value");
    const opened = crypter.unseal(sealed);
    expect(opened).to.deep.equal({ key: secret({ deep: ["value"] }) });
    expect(crypter.seal(opened)).to.deep.equal(sealed);
  });
});

describe("property values", () => {
  it("name the paths that differ", () => {
    expect(diffPaths({ a: [{ b: 1 }], c: 1 }, { a: [{ b: 2 }], "d.e": 1 })).to.deep.equal(["a[0].b", "c", '["d.e"]']);
    expect(diffPaths({ a: secret("x") }, { a: "x" })).to.deep.equal([]);
  });

  it("keep the old value at ignored paths", () => {
    expect(keepAt({ spec: { replicas: 3 } }, { spec: { replicas: 1, a: 1 } }, ["spec.replicas"])).to.deep.equal({
      spec: { replicas: 3, a: 1 },
    });
  });

  it("keep the old value at paths in Pulumi's own notation", () => {
    const last = {
      metadata: { annotations: { "a.b/c": "1", 'q"x': "1", plain: "1" } },
      list: [{ image: "a", name: "x" }, { image: "b" }],
      "root.key": 1,
    };
    const next = {
      metadata: { annotations: { "a.b/c": "2", 'q"x': "2", plain: "2" } },
      list: [{ image: "c", name: "y" }, { image: "d" }, { image: "e" }],
      "root.key": 2,
    };
    const kept = (path: string) => diffPaths(next, keepAt(last, next, [path]));
    expect(kept('metadata.annotations["a.b/c"]')).to.deep.equal(['metadata.annotations["a.b/c"]']);
    expect(kept('metadata["annotations"]["q\\"x"]')).to.deep.equal(['metadata.annotations["q\\"x"]']);
    expect(kept('["root.key"]')).to.deep.equal(['["root.key"]']);
    expect(kept("list[*].image")).to.deep.equal(["list[0].image", "list[1].image", "list[2].image"]);
    expect(kept("list[1].image")).to.deep.equal(["list[1].image"]);
    expect(keepAt({}, { a: { b: 1, c: 2 } }, ["a.b"])).to.deep.equal({ a: { c: 2 } });
    expect(keepAt({ a: { b: 1 } }, {}, ["a.b"])).to.deep.equal({});
    expect(keepAt({ a: 1 }, {}, ["a"])).to.deep.equal({ a: 1 });
    expect(keepAt({ a: secret({ b: "1" }) }, { a: secret({ b: "2", c: "3" }) }, ["a.b"])).to.deep.equal({
      a: secret({ b: "1", c: "3" }),
    });
  });

  it("are at the paths that a prefix covers", () => {
    expect(pathSteps('a["b.c"][0][*].d')).to.deep.equal(["a", "b.c", "0", "*", "d"]);
    expect(isBelow('metadata.annotations["a.b/c"]', 'metadata.annotations["a.b/c"]')).to.equal(true);
    expect(isBelow('metadata.annotations["a.b/c"]', "metadata.annotations.a.b/c")).to.equal(false);
    expect(isBelow("spec.containers[3].image", "spec.containers[*].image")).to.equal(true);
    expect(isBelow("spec", "spec.replicas")).to.equal(false);
    for (const wrong of ['a["b', "a[x]", "a[0", "a..b"]) {
      expect(() => pathSteps(wrong), wrong).to.throw(`"${wrong}" is not a property path`);
    }
  });

  it("are masked in messages, the longest secret first", () => {
    const events = new Events({});
    events.conceal([secret("password-1"), secret("password-12345"), secret("ssword-12345-and-more")]);
    expect(events.scrub("no password-12345, password-1, password-12345-and-more")).to.equal(
      "no [secret], [secret], pa[secret]",
    );
  });

  it("stay secret where a provider repeats them", () => {
    const hidden = hideTexts({ url: "http://user:longpassword@host" }, new Set(["longpassword"])) as { url: unknown };
    expect(isSecret(hidden.url)).to.equal(true);
    expect(mask({ ...hidden, later: unknown })).to.deep.equal({ url: "[secret]", later: "[unknown]" });
  });
});

describe("names", () => {
  it("carry the types of the parents, without the stack's", () => {
    const box = makeUrn("dev", "p", "test:index:Box", "box", "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev");
    expect(box).to.equal("urn:pulumi:dev::p::test:index:Box::box");
    expect(makeUrn("dev", "p", "a:b:C", "c", box)).to.equal("urn:pulumi:dev::p::test:index:Box$a:b:C::c");
  });
});

describe("replacement of Kubernetes objects", () => {
  const fixed = { configMaps: false, secrets: false };
  for (const [kind, path, replaced] of [
    ["Deployment", "spec.template.spec.containers[0].image", false],
    ["Deployment", "metadata.name", true],
    ["Job", "spec.template.spec.containers[0].image", true],
    ["StatefulSet", "spec.replicas", false],
    ["StatefulSet", "spec.volumeClaimTemplates[0].spec", true],
    ["PersistentVolumeClaim", "spec.resources.requests.storage", false],
    ["PersistentVolumeClaim", "spec.storageClassName", true],
    ["RoleBinding", "roleRef.name", true],
    ["ConfigMap", "data.key", true],
    ["ConfigMap", "metadata.labels.app", false],
    ["Secret", "type", true],
    ["Job", "spec.completions", true],
    ["Job", "spec.parallelism", false],
    ["Job", "spec.successPolicy.rules", true],
    ["StatefulSet", "spec.serviceName", true],
    ["StatefulSet", "spec.ordinals.start", false],
    ["PersistentVolumeClaim", "spec.volumeAttributesClassName", false],
    ["PersistentVolume", "spec.persistentVolumeReclaimPolicy", false],
    ["PersistentVolume", "spec.csi.volumeHandle", true],
    ["Pod", "spec.containers[1].image", false],
    ["Pod", "spec.containers[1].env", true],
    ["Service", "spec.clusterIP", true],
    ["Service", "spec.type", false],
    ["PriorityClass", "value", true],
    ["IngressClass", "spec.controller", true],
    ["CustomResourceDefinition", "spec.scope", false],
  ] as const) {
    it(`${replaced ? "replaces" : "updates"} a ${kind} when ${path} changes`, () => {
      expect(replacePaths(kind, [path], fixed)).to.deep.equal(replaced ? [path] : []);
    });
  }

  it("replaces a ConfigMap or Secret that says it is immutable", () => {
    const frozen = { configMaps: true, secrets: true, frozen: true };
    for (const kind of ["ConfigMap", "Secret"]) {
      expect(replacePaths(kind, ["data.key", "immutable", "metadata.labels.app"], frozen)).to.deep.equal([
        "data.key",
        "immutable",
      ]);
    }
    expect(replacePaths("Secret", ["immutable"], { configMaps: true, secrets: true })).to.deep.equal([]);
  });

  it("updates the data of a ConfigMap when the provider says it may", () => {
    expect(replacePaths("ConfigMap", ["data.key"], { configMaps: true, secrets: false })).to.deep.equal([]);
  });
});

describe("readiness", () => {
  it("waits for every pod of the newest Deployment", () => {
    const status = { observedGeneration: 2, replicas: 2, updatedReplicas: 1, availableReplicas: 2 };
    expect(readiness("Deployment", { metadata: { generation: 2 }, spec: { replicas: 2 }, status }).kind).to.equal(
      "waiting",
    );
    const whole = { ...status, updatedReplicas: 2 };
    expect(
      readiness("Deployment", { metadata: { generation: 2 }, spec: { replicas: 2 }, status: whole }).kind,
    ).to.equal("ready");
    expect(
      readiness("Deployment", { metadata: { generation: 3 }, spec: { replicas: 2 }, status: whole }).kind,
    ).to.equal("waiting");
  });

  it("fails with a failed Job", () => {
    const status = { conditions: [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded" }] };
    expect(readiness("Job", { status })).to.deep.equal({
      kind: "failed",
      message: "the job failed (BackoffLimitExceeded)",
    });
  });
});

describe("a run after a killed one", () => {
  it("knows the creates that may have happened, and does an interrupted update again", () => {
    const known = { urn: "u:1", custom: true, type: "t" };
    const ledger = new Ledger({
      resources: [known],
      pending: [
        { type: "updating", resource: known },
        { type: "creating", resource: { urn: "u:2", custom: true, type: "t" } },
      ],
    });
    expect(ledger.interrupted.map((resource) => resource.urn)).to.deep.equal(["u:2"]);
    expect(ledger.last("u:1")?.initErrors).to.have.length(1);
    expect(ledger.snapshot().pending).to.have.length(1);
    ledger.finish({ urn: "u:2", custom: true, type: "t" });
    expect(ledger.snapshot().pending).to.deep.equal([]);
  });
});
