import { expect } from "chai";
import type { FakeCluster } from "./fake-cluster.ts";
import { eachStack, ok, type Part, type TestStack, writesTo } from "./test-stack.ts";

const configMaps = "/api/v1/namespaces/default/configmaps";
const job = "/apis/batch/v1/namespaces/default/jobs/job";
const deployment = "/apis/apps/v1/namespaces/default/deployments/web";

describe("what the local engine does with changes", function () {
  this.timeout(120_000);
  let cluster: FakeCluster;
  let stack: TestStack;
  eachStack((made) => ({ cluster, stack } = made));
  const writes = () => writesTo(cluster);

  it("names nested children by the types of all their parents, and deletes children and dependents first", async () => {
    const group = (name: string, parent?: string): Part => ({
      kind: "Group",
      name,
      ...(parent === undefined ? {} : { parent }),
    });
    await ok(
      stack.up(
        group("outer"),
        group("inner", "outer"),
        { name: "first", parent: "inner" },
        { name: "second", after: ["first"] },
        { name: "third", after: ["second"] },
      ),
    );
    expect(stack.recorded).to.include(
      "test:index:Group$test:index:Group$kubernetes:core/v1:ConfigMap::first",
      stack.recorded.join(),
    );
    cluster.requests.length = 0;
    await ok(stack.destroy());
    expect(writes()).to.deep.equal(["third", "second", "first"].map((name) => `DELETE ${configMaps}/${name}`));
    expect(stack.recorded).to.deep.equal([]);
  });

  it("follows aliases of a resource and of its parent, and touches nothing for them", async () => {
    const before: Part[] = [
      { kind: "Group", name: "old-group" },
      { name: "child", parent: "old-group" },
      { name: "old", object: "thing" },
      { name: "user", after: ["old"] },
    ];
    await ok(stack.up(...before));
    cluster.requests.length = 0;
    const result = await ok(
      stack.up(
        { kind: "Group", name: "new-group", formerNames: ["old-group"] },
        { name: "child", parent: "new-group" },
        { name: "new", object: "thing", formerNames: ["old"] },
        { name: "user", after: ["new"] },
      ),
    );
    expect(result.changes).to.deep.equal({ create: 0, update: 0, replace: 0, delete: 0, same: 6, read: 0 });
    expect(writes()).to.deep.equal([]);
    expect(stack.recorded).to.include("kubernetes:core/v1:ConfigMap::new");
  });

  it("follows a component to another type, with all that is below it, and touches nothing", async () => {
    const parts = (type: string, formerTypes: string[] = []): Part[] => [
      { kind: "Group", name: "kafka", type, formerTypes },
      { kind: "Group", name: "inner", parent: "kafka" },
      { name: "first", parent: "kafka" },
      { name: "second", parent: "inner", after: ["first"] },
    ];
    await ok(stack.up(...parts("analytics:index:Kafka")));
    cluster.requests.length = 0;
    const result = await ok(stack.up(...parts("millrace:index:Kafka", ["analytics:index:Kafka"])));
    expect(result.changes).to.deep.equal({ create: 0, update: 0, replace: 0, delete: 0, same: 6, read: 0 });
    expect(writes()).to.deep.equal([]);
    expect(stack.recorded).to.include("millrace:index:Kafka$kubernetes:core/v1:ConfigMap::first");
    expect(stack.recorded.join()).not.to.contain("analytics:");
  });

  it("refers by the new name to an aliased resource even when the run ends half-way", async () => {
    await ok(stack.up({ name: "old", object: "thing" }, { name: "user", after: ["old"] }));
    cluster.intercept = (method, path) => (method === "PATCH" && path.endsWith("/user") ? 422 : undefined);
    const failed = await stack.up(
      { name: "new", object: "thing", formerNames: ["old"] },
      { name: "user", value: "2", after: ["new"] },
    );
    expect(failed.ok).to.equal(false);
    const urns = stack.checkpoint.resources.map((resource) => resource.urn);
    for (const resource of stack.checkpoint.resources) {
      expect(urns).to.include.members(resource.dependencies ?? []);
    }
  });

  it("keeps the object of a resource that got another name without an alias", async () => {
    await ok(stack.up({ name: "old", object: "thing" }));
    const { uid } = cluster.objects.get(`${configMaps}/thing`)?.["metadata"] as { uid: string };
    await ok(stack.up({ name: "new", object: "thing" }));
    expect(cluster.objects.get(`${configMaps}/thing`)).to.have.nested.property("metadata.uid", uid);
    expect(stack.recorded).to.include("kubernetes:core/v1:ConfigMap::new");
    expect(stack.recorded).not.to.include("kubernetes:core/v1:ConfigMap::old");
  });

  it("neither deletes nor replaces what is protected, and says how it may", async () => {
    const part: Part = { name: "kept", options: { protect: true } };
    await ok(stack.up(part));
    expect((await stack.up()).errors.join()).to.contain('"kept" is protected and the program no longer names it');
    expect((await stack.up({ ...part, object: "other" })).errors.join()).to.contain("would have to be replaced");
    expect((await stack.destroy()).errors.join()).to.contain("is protected");
    expect(cluster.objects.has(`${configMaps}/kept`)).to.equal(true);
    await ok(stack.up({ name: "kept" }));
    await ok(stack.up());
    expect(cluster.objects.has(`${configMaps}/kept`)).to.equal(false);
  });

  it("forgets what is to be retained, and leaves it", async () => {
    await ok(stack.up({ name: "kept", options: { retainOnDelete: true } }));
    await ok(stack.up());
    expect(cluster.objects.has(`${configMaps}/kept`)).to.equal(true);
    expect(stack.recorded).not.to.include("kubernetes:core/v1:ConfigMap::kept");
  });

  it("hands retainOnDelete and deletedWith down to children, which may say otherwise", async () => {
    await ok(
      stack.up(
        { name: "target" },
        { kind: "Group", name: "kept", options: { retainOnDelete: true } },
        { kind: "Group", name: "inner", parent: "kept" },
        { name: "retained", parent: "inner" },
        { name: "deleted", parent: "inner", options: { retainOnDelete: false } },
        { kind: "Group", name: "along", deletedWith: "target" },
        { name: "taken", parent: "along" },
      ),
    );
    cluster.requests.length = 0;
    await ok(stack.up());
    expect(writes()).to.have.members([`DELETE ${configMaps}/deleted`, `DELETE ${configMaps}/target`]);
  });

  it("makes the replacement first and deletes the old object at the end, where both can exist", async () => {
    await ok(stack.up({ name: "map", object: "one" }));
    cluster.requests.length = 0;
    const result = await ok(stack.up({ name: "map", object: "two" }));
    expect(result.changes).to.include({ replace: 1, delete: 1 });
    expect(writes()).to.deep.equal([`PATCH ${configMaps}/two`, `DELETE ${configMaps}/one`]);
  });

  it("deletes a Job before it makes the changed one, and goes on from there when that fails", async () => {
    const user: Part = { name: "user", after: ["job"] };
    await ok(stack.up({ kind: "Job", name: "job" }, user));
    cluster.requests.length = 0;
    cluster.intercept = (method, path) => (method === "PATCH" && path === job ? 422 : undefined);
    const failed = await stack.up({ kind: "Job", name: "job", value: "a:2" }, user);
    expect(failed.ok).to.equal(false);
    expect(writes()).to.deep.equal([`DELETE ${job}`, `PATCH ${job}`]);
    const left = stack.checkpoint.resources.find((resource) => resource.urn.endsWith("::job"));
    expect(left).to.include({ pendingReplacement: true });
    cluster.intercept = () => undefined;
    const result = await ok(stack.up({ kind: "Job", name: "job", value: "a:2" }, user));
    expect(result.changes).to.include({ create: 1, replace: 0, delete: 0 });
    expect(cluster.objects.has(job)).to.equal(true);
    expect(stack.stateText).not.to.contain("pendingReplacement");
  });

  it("finishes what is independent of failed resources, leaves out their dependents, and lists every error", async () => {
    const parts: Part[] = [
      { name: "bad" },
      { name: "worse" },
      { name: "after-bad", after: ["bad"] },
      { name: "fine" },
      { name: "after-fine", after: ["fine"] },
    ];
    cluster.intercept = (method, path) =>
      method === "PATCH" && path.endsWith("/bad")
        ? 422
        : method === "PATCH" && path.endsWith("/worse")
          ? 403
          : undefined;
    const failed = await stack.up(...parts);
    expect(failed.ok).to.equal(false);
    expect(failed.errors).to.have.length(2);
    expect(failed.errors.join("\n")).to.contain('ConfigMap "bad"').and.to.contain('ConfigMap "worse"');
    const names = () => [...cluster.objects.keys()].filter((path) => path.startsWith(configMaps)).length;
    expect(cluster.objects.has(`${configMaps}/after-fine`)).to.equal(true);
    expect(cluster.objects.has(`${configMaps}/after-bad`)).to.equal(false);
    expect(names()).to.equal(2);
    cluster.intercept = () => undefined;
    expect((await ok(stack.up(...parts))).changes).to.include({ create: 3, update: 0 });
  });

  it("restores a field that was edited by hand, once, and leaves an ignored one", async () => {
    const web: Part = { kind: "Deployment", name: "web" };
    await ok(stack.up(web));
    const scale = (replicas: number) => {
      const live = cluster.objects.get(deployment) ?? {};
      cluster.objects.set(deployment, { ...live, spec: { ...(live["spec"] as object), replicas } });
    };
    scale(0);
    const foreseen = await ok(stack.preview(web));
    expect(foreseen.changes).to.include({ update: 1 });
    const result = await ok(stack.up(web));
    expect(result.changes).to.include({ update: 1, create: 0, replace: 0, delete: 0 });
    expect(stack.events.some((event) => event.kind === "resource" && event.diff?.join() === "spec.replicas")).to.equal(
      true,
    );
    expect(cluster.objects.get(deployment)).to.have.nested.property("spec.replicas", 1);
    expect((await ok(stack.up(web))).changes).to.include({ update: 0 });
    scale(0);
    const ignoring = await ok(stack.up({ ...web, options: { ignoreChanges: ["spec.replicas"] } }));
    expect(ignoring.changes).to.include({ update: 0 });
    expect(cluster.objects.get(deployment)).to.have.nested.property("spec.replicas", 0);
  });

  it("leaves an annotation alone whose key has dots, where the program says so", async () => {
    const options = { ignoreChanges: ['metadata.annotations["example.com/by.hand"]'] };
    const annotated = (value: string): Part => ({
      name: "map",
      annotations: { "example.com/by.hand": value, "pulumi.com/skipAwait": "true" },
    });
    await ok(stack.up(annotated("1")));
    const result = await ok(stack.up({ ...annotated("2"), options }));
    expect(result.changes).to.include({ update: 0 });
    const { metadata } = cluster.objects.get(`${configMaps}/map`) as { metadata: object };
    expect(metadata).to.have.property("annotations").that.includes({ "example.com/by.hand": "1" });
  });

  it("shows no secret in the state or in a message, however short", async () => {
    const secret: Part = { kind: "Secret", name: "key", value: "Zq7" };
    await ok(stack.up(secret));
    expect(stack.stateText).not.to.contain("Zq7");
    const long = "Sw0rdfish-2026";
    cluster.message = `invalid value ${long}`;
    cluster.intercept = (method) => (method === "PATCH" ? 422 : undefined);
    const failed = await stack.up({ ...secret, value: long });
    expect(failed.errors.join()).to.contain("invalid value [secret]");
    expect(JSON.stringify(stack.events) + stack.stateText).not.to.contain(long);
  });
});
