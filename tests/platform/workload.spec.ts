import * as k8s from "@pulumi/kubernetes";
import { expect } from "chai";
import { serverWaitMs, setupCapMs } from "../../platform/hops/limits.ts";
import { claimName } from "../../platform/names.ts";
import { publish } from "../../platform/exposure.ts";
import { namespaceProblems, PlatformNamespace } from "../../platform/namespace.ts";
import { podProblems, type PodSpec } from "../../platform/hardening.ts";
import { Storage } from "../../platform/storage.ts";
import { heapMebibytes, mebibytes, quantityOf } from "../../platform/quantity.ts";
import { configHash, DATA_JOB_SECONDS, deployment, job, podTemplate, statefulSet } from "../../platform/workload.ts";
import { nodePorts, resources } from "../support/fixtures.ts";
import { mock, type Mocked, valueOf } from "../support/mocks.ts";

describe("the parts that components share", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  it("mounts a token only for a pod with an account of its own", () => {
    const pod = { service: "a", component: "b", image: "i:1", resources };
    expect(podTemplate(pod).spec).to.include({ automountServiceAccountToken: false });
    expect(podTemplate({ ...pod, serviceAccountName: "c" }).spec).to.include({ automountServiceAccountToken: true });
  });

  it("gives a pod a writable folder for each that it names, on a root that is read-only", () => {
    const { spec } = podTemplate({ service: "a", component: "b", image: "i:1", resources, scratch: ["/tmp"] }) as {
      spec: { containers: { volumeMounts: object[]; securityContext: object }[]; volumes: object[] };
    };
    expect(spec.containers[0]?.volumeMounts).to.deep.equal([{ name: "scratch-0", mountPath: "/tmp" }]);
    expect(spec.containers[0]?.securityContext).to.include({ readOnlyRootFilesystem: true });
    expect(spec.volumes).to.deep.equal([{ name: "scratch-0", emptyDir: { sizeLimit: "2Gi" } }]);
  });

  it("runs a pod's init containers under the same restrictions, on the same scratch folders", () => {
    const init = { name: "first", image: "j:1", command: ["true"], resources };
    const pod = { service: "a", component: "b", image: "i:1", resources, scratch: ["/tmp"], initContainers: [init] };
    const { spec } = podTemplate(pod) as { spec: PodSpec & { initContainers: { volumeMounts: object[] }[] } };
    expect(podProblems(spec, false)).to.deep.equal([]);
    expect(spec.initContainers).to.have.length(1);
    expect(spec.initContainers[0]).to.deep.include({
      name: "first",
      image: "j:1",
      command: ["true"],
      volumeMounts: [{ name: "scratch-0", mountPath: "/tmp" }],
    });
  });

  it("has both engines run a failed Job again", async () => {
    const pod = { service: "a", component: "b", image: "i:1", resources };
    job({ name: "short", namespace: "box", pod, deadlineSeconds: 60, retries: 0 }, {});
    job({ name: "long", namespace: "box", pod, deadlineSeconds: 3600, retries: 0 }, {});
    for (const name of ["short", "long"]) {
      const { inputs } = await mocked.get("kubernetes:batch/v1:Job", name);
      expect(inputs.metadata.annotations).to.deep.equal({ "pulumi.com/replaceUnready": "true" });
    }
  });

  it("gives a Job that only sets up what runs as long as what runs has to start, and one that moves data hours", async () => {
    const pod = { service: "a", component: "b", image: "i:1", resources };
    job({ name: "setup", namespace: "box", pod, retries: 3 }, {});
    job({ name: "move", namespace: "box", pod, retries: 3, deadlineSeconds: DATA_JOB_SECONDS }, {});
    const seconds = async (name: string) =>
      (await mocked.get("kubernetes:batch/v1:Job", name)).inputs.spec.activeDeadlineSeconds;
    expect([await seconds("setup"), await seconds("move")]).to.deep.equal([1200, 14_400]);
    // Each of its four tries may wait for its server in vain, and the last still says so.
    expect(4 * serverWaitMs).to.be.at.most(setupCapMs);
  });

  it("gives a roll-out as long as the deploy waits for it", async () => {
    const pod = { service: "a", component: "b", image: "i:1", resources };
    deployment({ name: "web", namespace: "box", pod, replicas: 1, strategy: "Recreate" }, {});
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "web");
    expect(inputs.spec.progressDeadlineSeconds).to.equal(1200);
  });

  it("hashes settings so that a change shows and equal texts do not", () => {
    expect(configHash("a=1")).to.equal(configHash("a=1"));
    expect(configHash("a=1")).not.to.equal(configHash("a=2"));
  });

  it("reads quantities and takes a share of them as heap", () => {
    expect([quantityOf("1Ki"), quantityOf("2k"), quantityOf("two")]).to.deep.equal([1024, 2000, undefined]);
    expect(mebibytes("1Gi")).to.equal(1024);
    expect(heapMebibytes("1Gi", 0.5)).to.equal(512);
    expect(() => mebibytes("lots")).to.throw('"lots" is not an amount of memory');
  });

  const keeper = (size: string, replicas: number, stackId?: string) => {
    const provider = new k8s.Provider("cluster", {});
    return statefulSet(
      {
        name: "kafka",
        namespace: "millrace",
        replicas,
        headlessService: "kafka-nodes",
        data: new Storage({ storageClass: "fast", ...(stackId && { stackId }) }).volume("data", {
          kind: "persistent",
          size,
        }),
        pod: { service: "kafka", component: "broker", image: "i:1", resources },
      },
      { provider },
    );
  };

  it("lets claims outlive their StatefulSet, however it goes or shrinks", async () => {
    keeper("5Gi", 1);
    const { inputs } = await mocked.get("kubernetes:apps/v1:StatefulSet", "kafka");
    expect(inputs.spec).to.deep.include({
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    });
  });

  it("sets the size on each claim itself, where it can grow under its pod", async () => {
    keeper("2048Mi", 2);
    const patches = await mocked.ofType("kubernetes:core/v1:PersistentVolumeClaimPatch");
    expect(patches.map(({ name }) => name)).to.deep.equal(["data-kafka-0", "data-kafka-1"]);
    expect(patches[0]?.inputs).to.deep.include({
      kind: "PersistentVolumeClaim",
      metadata: {
        name: "data-kafka-0",
        namespace: "millrace",
        annotations: {
          "pulumi.com/patchForce": "true",
          "pulumi.com/waitFor": "jsonpath={.status.phase}=Bound",
        },
      },
      spec: { resources: { requests: { storage: "2Gi" } } },
    });
    expect(claimName("data", "kafka", 1)).to.equal("data-kafka-1");
  });

  it("writes on the set, on new claims and on those that are there which stack they are of", async () => {
    keeper("5Gi", 1, "0123456789abcdef");
    const { inputs } = await mocked.get("kubernetes:apps/v1:StatefulSet", "kafka");
    const [claim] = await mocked.ofType("kubernetes:core/v1:PersistentVolumeClaimPatch");
    const [template] = inputs.spec.volumeClaimTemplates;
    for (const { labels } of [inputs.metadata, template.metadata, claim?.inputs.metadata ?? { labels: {} }]) {
      expect(labels).to.include({ "millrace/stack-id": "0123456789abcdef" });
    }
    // Pods and what selects them stay as they are: nothing restarts for it.
    expect(JSON.stringify([inputs.spec.template, inputs.spec.selector])).not.to.contain("stack-id");
  });

  const published = {
    service: "presto",
    namespace: "data",
    nodePort: "presto",
    port: 8080,
    selector: { a: "b" },
    labels: {},
    title: "Presto",
    scheme: "http",
  } as const;

  it("publishes a Service on the target's node port", async () => {
    const address = publish(nodePorts, published, {});
    expect(await valueOf(address.url)).to.equal("http://127.0.0.1:30080");
    const { inputs } = await mocked.get("kubernetes:core/v1:Service", "presto-published");
    expect(inputs.spec).to.deep.include({ type: "NodePort", selector: { a: "b" } });
    expect(inputs.spec.ports[0]).to.include({ nodePort: 30080, targetPort: 8080 });
  });

  it("knows a load balancer's address only when the cloud has given it", async () => {
    const address = publish({ kind: "loadBalancer", ports: ["presto"] }, published, {});
    expect(await valueOf(address.url)).to.equal(undefined);
    const { inputs } = await mocked.get("kubernetes:core/v1:Service", "presto-published");
    expect(inputs.spec.type).to.equal("LoadBalancer");
  });

  it("makes no load balancer for what is not named", async () => {
    expect(await valueOf(publish({ kind: "loadBalancer", ports: ["airflow"] }, published, {}).url)).to.equal(undefined);
    expect(await mocked.resources()).to.deep.equal([]);
  });

  it("makes no Service when the target publishes nothing", async () => {
    expect(await valueOf(publish({ kind: "none" }, published, {}).url)).to.equal(undefined);
    expect(await mocked.resources()).to.deep.equal([]);
  });

  it("uses a namespace that is there already without making or owning one", async () => {
    const namespace = new PlatformNamespace("namespace", { namespace: "data", existing: true });
    expect(await valueOf(namespace.namespaceName)).to.equal("data");
    expect(await mocked.ofType("kubernetes:core/v1:Namespace")).to.deep.equal([]);
  });

  it("names the namespace and refuses names that Kubernetes does not take", async () => {
    const namespace = new PlatformNamespace("namespace", { namespace: "data" });
    expect(await valueOf(namespace.namespaceName)).to.equal("data");
    expect(namespaceProblems({ namespace: "My Data" })[0]).to.match(/^namespace "My Data" /);
    expect(namespaceProblems({})).to.deep.equal([]);
  });

  it("writes on the namespace whose it is, once the stack has an id", async () => {
    new PlatformNamespace("plain", { namespace: "plain" });
    new PlatformNamespace("own", { namespace: "own", stackId: "0123456789abcdef" });
    const [plain, own] = await mocked.ofType("kubernetes:core/v1:Namespace");
    expect(plain?.inputs.metadata.labels).not.to.have.property("millrace/stack-id");
    expect(own?.inputs.metadata.labels).to.include({ "millrace/stack-id": "0123456789abcdef" });
  });
});
