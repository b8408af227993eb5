import { expect } from "chai";
import { KubeError } from "../../clusters/kubernetes-client.ts";
import { NoAnswerError } from "../../engine/provider.ts";
import { KubernetesApi, UnknownKindError } from "../../engine/providers/kubernetes-api.ts";
import { FakeCluster } from "./fake-cluster.ts";

const path = "/api/v1/namespaces/default/configmaps/a";
const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { key: "value" } };

describe("the API as the engine asks it", () => {
  let cluster: FakeCluster;
  let api: KubernetesApi;

  beforeEach(async () => {
    cluster = new FakeCluster();
    await cluster.start();
    api = new KubernetesApi(cluster.kubeconfig, "fake");
  });

  afterEach(async () => {
    api.close();
    await cluster.stop();
  });

  it("finds a kind's path, applies, merges, patches, lists and deletes", async () => {
    const found = await api.path({ apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "default" });
    expect(found).to.equal(path);
    expect(await api.get(path)).to.equal(undefined);
    expect((await api.apply(path, object, "spec", true))["data"]).to.deep.equal({ key: "value" });
    expect((await api.merge(path, { data: { key: "other" } }))["data"]).to.deep.equal({ key: "other" });
    const change = { op: "replace", path: "/data/key", value: "third" };
    expect((await api.patch(path, [change]))["data"]).to.deep.equal({ key: "third" });
    expect((await api.list("/api/v1/namespaces/default/configmaps", { limit: "5" })).length).to.equal(1);
    await api.delete(path, { kind: "DeleteOptions" });
    expect(await api.get(path)).to.equal(undefined);
    expect(await api.log("default", "none", "none", false, 5)).to.equal("");
  });

  it("begins a refusal with the request", async () => {
    cluster.intercept = () => 403;
    const error: unknown = await api.apply(path, object, "spec", true).catch((caught: unknown) => caught);
    expect(error)
      .to.be.instanceOf(KubeError)
      .and.to.include({ status: 403, message: `PATCH ${path}: intercepted` });
  });

  it("tells a server that went away from one that refuses", async function () {
    this.timeout(60_000);
    await cluster.stop();
    const error: unknown = await api.get(path).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(NoAnswerError);
    expect(String(error)).to.match(
      /^NoAnswerError: the Kubernetes API server http:\/\/127\.0\.0\.1:\d+ can't be reached: connect ECONNREFUSED/,
    );
  });

  it("names a context that the kubeconfig has not, and those that it has", () => {
    expect(() => new KubernetesApi(cluster.kubeconfig, "other")).to.throw(
      'the kubeconfig has no usable context "other"; it has: fake',
    );
  });

  it("names a kind that the cluster does not know", async () => {
    const asked = api.kind("v1", "Unheard").catch((caught: unknown) => caught);
    expect(await asked).to.be.instanceOf(UnknownKindError);
  });
});
