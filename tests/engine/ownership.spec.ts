import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { handedOver } from "../../engine/providers/kubernetes-ownership.ts";
import { readStackId } from "../../engine/stack-id.ts";
import { created, type Json, merged } from "./fake-apply.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { eachStack, ok, type Part, TestStack, writesTo } from "./test-stack.ts";

const map = "/api/v1/namespaces/default/configmaps/map";
const users = "/api/v1/namespaces/default/secrets/users";
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("whose an object is", function () {
  this.timeout(120_000);
  let cluster: FakeCluster;
  let stack: TestStack;
  eachStack((made) => ({ cluster, stack } = made));
  const writes = () => writesTo(cluster);
  const live = (path: string) => cluster.objects.get(path) as Record<string, Json>;
  const managers = (path: string) =>
    (live(path)["metadata"]?.["managedFields"] as Json[]).map(
      (entry) => `${String(entry["manager"])} ${String(entry["operation"])}`,
    );
  const id = () => readStackId(stack.projectDir, "parts", "dev");
  const part: Part = { name: "map", value: "1" };

  it("is told by an id of the stack's own, made by the first up and gone after the last object", async () => {
    await ok(stack.preview(part));
    expect(id()).to.equal(undefined);
    await ok(stack.up(part));
    const first = id();
    expect(first).to.match(/^[0-9a-f]{16}$/);
    expect(managers(map)).to.deep.equal([`millrace-${String(first)} Apply`]);
    await ok(stack.up({ ...part, value: "2" }));
    expect(id()).to.equal(first);
    await ok(stack.destroy());
    expect(id()).to.equal(undefined);
  });

  it("keeps two clones with the same project and stack name apart on one cluster", async () => {
    await ok(stack.up(part));
    const other = new TestStack(cluster.kubeconfig);
    try {
      const refused = await other.up({ ...part, value: "theirs" });
      expect(refused.errors.join()).to.contain("ConfigMap default/map already exists and was not made by this stack");
      await ok(other.destroy());
      expect(live(map)["data"]).to.deep.equal({ value: "1" });
    } finally {
      other.remove();
    }
  });

  it("neither overwrites nor deletes an object that somebody made in place of ours, and says whose it is", async () => {
    await ok(stack.up(part));
    const foreign = created(
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "map", namespace: "default" },
        data: { value: "theirs" },
      },
      "kubectl-create",
    );
    cluster.objects.set(map, foreign);
    const foreseen = await stack.preview(part);
    expect(foreseen.changes).to.include({ update: 1 });
    cluster.requests.length = 0;
    for (const value of ["1", "2"]) {
      const refused = await stack.up({ ...part, value });
      expect(refused.errors).to.deep.equal([
        'ConfigMap "map": ConfigMap default/map is another object than the one that this stack made: it was deleted and recreated ' +
          "by kubectl-create. It is left as it is. Delete or rename it, then run again",
      ]);
    }
    await ok(stack.up());
    expect(writes()).to.deep.equal([]);
    expect(live(map)["data"]).to.deep.equal({ value: "theirs" });
  });

  for (const [former, operation] of [
    ["millrace-parts-dev", "Apply"],
    ["pulumi-kubernetes", "Update"],
    ["pulumi-kubernetes-0a1b2c3d", "Apply"],
  ] as const) {
    it(`takes the fields over from ${former} (${operation}), and leaves none of them behind`, async () => {
      await ok(stack.up(part));
      const object = live(map);
      const fieldsV1 = { "f:data": { "f:value": {}, "f:old": {} }, "f:metadata": { "f:labels": { "f:gone": {} } } };
      const theirs = { manager: "kube-controller", operation: "Update", fieldsV1: { "f:data": { "f:theirs": {} } } };
      const managedFields = [{ manager: former, operation, fieldsV1 }, theirs];
      cluster.objects.set(
        map,
        merged(object, {
          metadata: { labels: { gone: "x" }, managedFields },
          data: { old: "left over", theirs: "kept" },
        }),
      );
      const text = stack.stateText.replace(/"millrace-[0-9a-f]{16}"/, JSON.stringify(former));
      expect(text).not.to.equal(stack.stateText);
      writeFileSync(stack.stateFile, text);
      await ok(stack.up({ ...part, value: "2" }));
      expect(live(map)["data"]).to.deep.equal({ value: "2", theirs: "kept" });
      expect(live(map)["metadata"]).not.to.have.property("labels");
      expect(managers(map)).to.have.members([`millrace-${String(id())} Apply`, "kube-controller Update"]);
      expect(stack.stateText).not.to.contain(`"${former}"`);
    });
  }

  it("removes what the official engine has kept beside us, though nothing in the program changed", async () => {
    await ok(stack.up(part));
    const object = live(map);
    const [ours] = object["metadata"]?.["managedFields"] as Json[];
    const fieldsV1 = { "f:data": { "f:value": {}, "f:dropped": {} } };
    const theirs = { manager: "pulumi-kubernetes", operation: "Update", fieldsV1 };
    const status = { ...theirs, subresource: "status", fieldsV1: {} };
    const data = { dropped: "by an older run, which did not own it" };
    cluster.objects.set(map, merged(object, { metadata: { managedFields: [ours, theirs, status] }, data }));
    const foreseen = await ok(stack.preview(part));
    expect(foreseen.changes).to.include({ update: 1 });
    expect((await ok(stack.up(part))).changes).to.include({ update: 1 });
    expect(live(map)["data"]).to.deep.equal({ value: "1" });
    expect(managers(map)).to.have.members([`millrace-${String(id())} Apply`, "pulumi-kubernetes Update"]);
    expect((await ok(stack.up(part))).changes, "at rest").to.include({ update: 0 });
  });

  it("leaves to another Pulumi program what it has patched into an object of ours", async () => {
    await ok(stack.up(part));
    const patch = {
      manager: "pulumi-kubernetes-0a1b2c3d",
      operation: "Apply",
      fieldsV1: { "f:metadata": { "f:labels": { "f:team": {} } } },
    };
    const managedFields = [...(live(map)["metadata"]?.["managedFields"] as Json[]), patch];
    cluster.objects.set(map, merged(live(map), { metadata: { labels: { team: "theirs" }, managedFields } }));
    expect((await ok(stack.up(part))).changes).to.include({ update: 0 });
    expect((await ok(stack.up({ ...part, value: "2" }))).changes).to.include({ update: 1 });
    expect(live(map)["data"]).to.deep.equal({ value: "2" });
    expect(live(map)["metadata"]?.["labels"]).to.deep.equal({ team: "theirs" });
    expect(managers(map)).to.have.members([`millrace-${String(id())} Apply`, "pulumi-kubernetes-0a1b2c3d Apply"]);
  });

  it("changes nothing of an object that the official engine alone has written", async () => {
    await ok(stack.up(part));
    const managedFields = [
      { manager: "pulumi-kubernetes", operation: "Update", fieldsV1: { "f:data": { "f:value": {} } } },
    ];
    cluster.objects.set(map, merged(live(map), { metadata: { managedFields } }));
    expect((await ok(stack.up(part))).changes).to.include({ update: 0 });
    expect(managers(map)).to.deep.equal(["pulumi-kubernetes Update"]);
  });

  it("goes over with variables and users too, as an API server records them in lists", () => {
    const container = (fields: Json) => ({ "f:spec": { "f:template": { "f:spec": { "f:containers": fields } } } });
    const env = (...names: string[]) => ({
      "f:env": Object.fromEntries([
        [".", {}],
        ...names.map((name) => [`k:{"name":"${name}"}`, { ".": {}, "f:name": {}, "f:value": {} }]),
      ]) as Json,
    });
    const created = {
      manager: "pulumi-kubernetes",
      operation: "Update",
      apiVersion: "apps/v1",
      time: "2026-11-27T09:00:00Z",
      fieldsType: "FieldsV1",
      fieldsV1: container({ 'k:{"name":"hub"}': { ".": {}, "f:image": {}, ...env("KEPT", "REMOVED") } }),
    };
    const ours = {
      ...created,
      manager: "millrace-0123456789abcdef",
      operation: "Apply",
      time: "2026-11-27T10:00:00Z",
      fieldsV1: container({ 'k:{"name":"hub"}': { ".": {}, "f:image": {}, ...env("KEPT", "NEW") } }),
    };
    const controller = { manager: "kube-controller-manager", operation: "Update", subresource: "status", fieldsV1: {} };
    const all = handedOver([created, ours, controller], "pulumi-kubernetes", ours.manager);
    const fieldsV1 = container({
      'k:{"name":"hub"}': { ".": {}, "f:image": {}, ...env("KEPT", "NEW", "REMOVED") },
    });
    expect(all).to.deep.equal([{ ...ours, fieldsV1 }, controller]);
  });

  it("goes on with its objects when only the id was lost", async () => {
    await ok(stack.up(part));
    const before = live(map)["metadata"]?.["uid"];
    rmSync(join(stack.projectDir, ".pulumi/millrace"), { recursive: true });
    await ok(stack.up({ ...part, value: "2" }));
    expect(live(map)["data"]).to.deep.equal({ value: "2" });
    expect(live(map)["metadata"]?.["uid"]).to.equal(before);
    expect(managers(map)).to.deep.equal([`millrace-${String(id())} Apply`]);
  });

  const accounts = (texts: Record<string, string>): Part => ({ kind: "Secret", name: "users", texts });

  it("removes a key of a Secret that is no longer sent", async () => {
    await ok(stack.up(accounts({ ann: "secret-of-ann", bob: "secret-of-bob" })));
    expect(live(users)["data"]).to.deep.equal({ ann: base64("secret-of-ann"), bob: base64("secret-of-bob") });
    await ok(stack.up(accounts({ ann: "secret-of-ann" })));
    expect(live(users)["data"]).to.deep.equal({ ann: base64("secret-of-ann") });
    expect((await ok(stack.up(accounts({ ann: "secret-of-ann" })))).changes).to.include({ update: 0 });
  });

  it("removes what an older run left in a Secret, and no key that somebody else put there", async () => {
    await ok(stack.up(accounts({ ann: "secret-of-ann" })));
    const object = live(users);
    const [mine] = object["metadata"]?.["managedFields"] as Json[];
    const managedFields = [
      { ...mine, fieldsV1: { "f:stringData": { "f:ann": {} }, "f:type": {} } },
      { manager: "kubectl-edit", operation: "Update", fieldsV1: { "f:data": { "f:theirs": {} } } },
    ];
    const data = { ann: base64("secret-of-ann"), bob: base64("of a user who left"), theirs: base64("x") };
    cluster.objects.set(users, merged(object, { metadata: { managedFields }, data }));
    const result = await ok(stack.up(accounts({ ann: "secret-of-ann" })));
    expect(result.changes).to.include({ update: 1 });
    expect(live(users)["data"]).to.deep.equal({ ann: data.ann, theirs: data.theirs });
    expect((await ok(stack.up(accounts({ ann: "secret-of-ann" })))).changes).to.include({ update: 0 });
  });
});

describe("the claims of a StatefulSet that goes", function () {
  this.timeout(120_000);
  const set = "/apis/apps/v1/namespaces/default/statefulsets/db";
  const claims = "/api/v1/namespaces/default/persistentvolumeclaims";
  let cluster: FakeCluster;
  let stack: TestStack;

  beforeEach(async () => {
    cluster = new FakeCluster();
    await cluster.start();
    stack = new TestStack(cluster.kubeconfig);
    cluster.controller = (path, object) =>
      path === set ? { ...object, status: { observedGeneration: (object["metadata"] as Json)["generation"] } } : object;
  });

  afterEach(async () => {
    await cluster.stop();
    stack.remove();
  });

  const part: Part = { kind: "StatefulSet", name: "db" };
  const begin = async () => {
    expect((await stack.up(part)).errors).to.deep.equal([]);
    const { uid } = cluster.objects.get(set)?.["metadata"] as { uid: string };
    for (const [name, owner] of [
      ["data-db-0", uid],
      ["data-db-1", uid],
      ["other", "another"],
    ] as const) {
      cluster.put(`${claims}/${name}`, { metadata: { name, namespace: "default", ownerReferences: [{ uid: owner }] } });
    }
  };
  const owners = (name: string) =>
    (cluster.objects.get(`${claims}/${name}`)?.["metadata"] as Json | undefined)?.["ownerReferences"];

  it("stay when it is replaced, though it was made to take them along", async () => {
    await begin();
    const result = await stack.up({ ...part, value: "two" });
    expect(result.errors).to.deep.equal([]);
    expect(result.changes).to.include({ replace: 1 });
    expect([owners("data-db-0"), owners("data-db-1")]).to.deep.equal([[], []]);
    expect(owners("other")).to.deep.equal([{ uid: "another" }]);
  });

  it("stay when the program no longer names it", async () => {
    await begin();
    expect((await stack.up()).errors).to.deep.equal([]);
    expect(cluster.objects.has(set)).to.equal(false);
    expect([owners("data-db-0"), owners("data-db-1")]).to.deep.equal([[], []]);
  });
});
