import { expect } from "chai";
import { type Made, NotReadyError, type StepContext } from "../../engine/provider.ts";
import { kubernetesProvider } from "../../engine/providers/kubernetes.ts";
import { isPatch, patchManager } from "../../engine/providers/kubernetes-patch.ts";
import { readiness } from "../../engine/providers/kubernetes-wait.ts";
import { FakeCluster } from "./fake-cluster.ts";

const type = "kubernetes:core/v1:PersistentVolumeClaimPatch";
const urn = `urn:pulumi:dev::p::${type}::data-kafka-0`;
const claim = "/api/v1/namespaces/millrace/persistentvolumeclaims/data-kafka-0";

describe("a patch of an object that the cluster makes", () => {
  let cluster: FakeCluster;
  beforeEach(async () => {
    cluster = new FakeCluster();
    await cluster.start();
  });
  afterEach(() => cluster.stop());

  const said: string[] = [];
  const context = (size: string): StepContext => ({
    urn,
    type,
    name: "data-kafka-0",
    inputs: {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: {
        name: "data-kafka-0",
        namespace: "millrace",
        annotations: { "pulumi.com/patchForce": "true" },
      },
      spec: { resources: { requests: { storage: size } } },
    },
    signal: new AbortController().signal,
    progress: (message) => said.push(message),
  });
  const provider = () => kubernetesProvider({ kubeconfig: cluster.kubeconfig }, "millrace-test");
  const bound = (capacity: string) =>
    cluster.put(claim, {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data-kafka-0", namespace: "millrace" },
      status: { phase: "Bound", capacity: { storage: capacity } },
    });
  const recorded = (made: Made, size: string) => ({
    urn,
    type,
    id: made.id,
    inputs: context(size).inputs,
    outputs: made.outputs,
  });

  it("is known by its token alone, because its kind is the object's", () => {
    expect(isPatch(type)).to.equal(true);
    expect(isPatch("kubernetes:core/v1:PersistentVolumeClaim")).to.equal(false);
    expect(isPatch("random:index/randomPatch:RandomPatch")).to.equal(false);
  });

  it("waits for the object, and takes over the field that its maker owns", async () => {
    const progress = (message: string): void => {
      said.push(message);
      if (message.startsWith("waiting for the object")) bound("5Gi");
    };
    const made = await provider().create({ ...context("5Gi"), progress });
    expect(made.id).to.equal("millrace/data-kafka-0");
    expect(made.outputs["__fieldManager"]).to.equal(patchManager("millrace-test", urn));
    expect(said).to.include("waiting for the object, which something else makes");
    expect(cluster.objects.get(claim)).to.have.nested.property("spec.resources.requests.storage", "5Gi");
  });

  it("grows the claim in place and waits until it has the size", async () => {
    bound("5Gi");
    const made = await provider().create(context("5Gi"));
    const { replaces, paths } = provider().diff(type, context("5Gi").inputs, context("6Gi").inputs, false);
    expect({ replaces, paths }).to.deep.equal({ replaces: [], paths: ["spec.resources.requests.storage"] });
    setTimeout(() => {
      const { spec, kind, metadata } = cluster.objects.get(claim) as Record<string, object>;
      cluster.put(claim, { kind, metadata, spec, status: { phase: "Bound", capacity: { storage: "6Gi" } } });
    }, 300);
    const grown = await provider().update(context("6Gi"), recorded(made, "5Gi"));
    expect(grown.outputs).to.have.nested.property("status.capacity.storage", "6Gi");
    expect(said.at(-1)).to.equal("the claim grows from 5Gi to 6Gi");
  });

  it("keeps what it has done when it is stopped while a claim grows, and the next run only goes on waiting", async () => {
    bound("5Gi");
    const made = await provider().create(context("5Gi"));
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort();
    }, 300);
    const stopped: unknown = await provider()
      .update({ ...context("6Gi"), signal: stop.signal }, recorded(made, "5Gi"))
      .catch((error: unknown) => error);
    expect(stopped).to.be.instanceOf(NotReadyError);
    const left = (stopped as NotReadyError).made;
    expect(left.outputs).to.have.nested.property("spec.resources.requests.storage", "6Gi");
    const { spec, kind, metadata } = cluster.objects.get(claim) as Record<string, object>;
    cluster.put(claim, { kind, metadata, spec, status: { phase: "Bound", capacity: { storage: "6Gi" } } });
    const grown = await provider().update(context("6Gi"), recorded(left, "6Gi"));
    expect(grown.outputs).to.have.nested.property("status.capacity.storage", "6Gi");
  });

  it("is another patch when it is of another object", () => {
    const other = structuredClone(context("5Gi").inputs);
    (other["metadata"] as Record<string, unknown>)["name"] = "data-kafka-1";
    expect(provider().diff(type, context("5Gi").inputs, other, false).replaces).to.deep.equal(["metadata.name"]);
  });

  it("leaves the object when it goes, and sends nothing for one that it does not hold", async () => {
    bound("5Gi");
    const made = await provider().create(context("5Gi"));
    await provider().delete(context("5Gi"), recorded(made, "5Gi"));
    expect(cluster.objects.get(claim)).to.deep.include({ kind: "PersistentVolumeClaim" });
    expect(cluster.objects.get(claim)).not.to.have.property("spec");
    bound("5Gi");
    cluster.requests.length = 0;
    await provider().delete(context("5Gi"), recorded(made, "5Gi"));
    expect(cluster.requests.filter((request) => !request.startsWith("GET"))).to.deep.equal([]);
  });

  it("says in words what the API server refuses", async () => {
    bound("5Gi");
    cluster.intercept = (method) => (method === "PATCH" ? 403 : undefined);
    cluster.message =
      "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";
    const refused = await provider()
      .create(context("6Gi"))
      .catch((error: unknown) => String(error));
    expect(refused).to.match(/PersistentVolumeClaim data-kafka-0 can't grow: .*allowVolumeExpansion: true/);
    cluster.intercept = (method) => (method === "PATCH" ? 422 : undefined);
    cluster.message = "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity";
    const shrunk = await provider()
      .create(context("4Gi"))
      .catch((error: unknown) => String(error));
    expect(shrunk).to.contain("PersistentVolumeClaim data-kafka-0 can't be made smaller; put the old size back");
  });

  it("names what holds up the growth of a claim", () => {
    const growing = (conditions: object[]) =>
      readiness("PersistentVolumeClaim", {
        spec: { resources: { requests: { storage: "6Gi" } } },
        status: { phase: "Bound", capacity: { storage: "5Gi" }, conditions },
      });
    expect(growing([{ type: "ControllerResizeError", status: "True", message: "quota of the project" }])).to.deep.equal(
      { kind: "waiting", message: "the claim grows from 5Gi to 6Gi: quota of the project" },
    );
    expect(growing([])).to.deep.equal({ kind: "waiting", message: "the claim grows from 5Gi to 6Gi" });
  });
});
