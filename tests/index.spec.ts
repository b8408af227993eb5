import { expect } from "chai";
import type { Output } from "@pulumi/pulumi";
import { configMapProblems, podProblems, type PodSpec } from "../components/hardening.ts";
import { mock, type Mocked, type Registered, valueOf } from "./support/mocks.ts";

interface Program {
  readonly addresses: Output<{ title: string; url: string | undefined }[]>;
  readonly namespace: Output<string>;
  readonly proof: { readonly job: Output<string>; readonly onDemand: Output<string> } | undefined;
}

const existing = {
  objectStore: {
    server: "existing",
    existing: { host: "s3.eu-central-1.amazonaws.com", region: "eu-central-1", secretName: "s3-keys" },
  },
  kafka: {
    existing: { bootstrapServers: "b1.example:9092,b2.example:9092", securityProtocol: "PLAINTEXT" },
    replicationFactor: 1,
  },
};
const cloud = { target: "cloud", context: "prod", registry: { push: "registry.example" }, storageClass: "ssd" };

/** One stack for each kind of cluster, and for what a cloud may bring along. */
const stacks: Readonly<Record<string, Record<string, unknown>>> = {
  embedded: {},
  minikube: { "millrace:cluster": { target: "minikube" } },
  microk8s: { "millrace:cluster": { target: "microk8s" } },
  cloud: {
    "millrace:cluster": { ...cloud, exposure: "loadBalancer" },
    "millrace:services": { kafka: { replicas: 3 }, presto: { workers: 2 }, spark: { executors: 2 } },
  },
  "cloud with existing S3 and Kafka": { "millrace:cluster": cloud, "millrace:services": existing },
  "without any storage class": { "millrace:cluster": { ...cloud, storageClass: "none" } },
  minio: {
    "millrace:services": { objectStore: { server: "minio", image: "minio/minio:RELEASE.2025-09-07T16-13-09Z" } },
  },
};

let run = 0;

async function render(config: Record<string, unknown>): Promise<{ mocked: Mocked; program: Program }> {
  const mocked = await mock({ config });
  run += 1;
  // Another query makes Node evaluate the program anew, with this test's monitor.
  const program = (await import(`../index.ts?run=${run}`)) as Program;
  await mocked.resources();
  return { mocked, program };
}

function podOf({ type, inputs }: Registered): PodSpec | undefined {
  const spec = inputs.spec as {
    template?: { spec: PodSpec };
    jobTemplate?: { spec: { template: { spec: PodSpec } } };
  };
  return type.endsWith(":CronJob") ? spec.jobTemplate?.spec.template.spec : spec.template?.spec;
}

async function workloads(mocked: Mocked): Promise<Registered[]> {
  const kinds = /:(StatefulSet|Deployment|Job|CronJob)$/;
  return (await mocked.resources()).filter(({ type }) => type.startsWith("kubernetes:") && kinds.test(type));
}

describe("the program", () => {
  for (const [name, config] of Object.entries(stacks)) {
    describe(`for ${name}`, () => {
      let mocked: Mocked;
      before(async () => {
        ({ mocked } = await render(config));
      });

      it("makes pods that the restricted level accepts, with limits and probes", async () => {
        for (const workload of await workloads(mocked)) {
          const longRunning = !/Job$/.test(workload.type);
          expect(podProblems(podOf(workload) ?? {}, longRunning), workload.name).to.deep.equal([]);
        }
      });

      it("gives a token of Kubernetes to the Spark driver only, and no pod the addresses of Services", async () => {
        for (const workload of await workloads(mocked)) {
          const pod = podOf(workload) as PodSpec & { enableServiceLinks?: boolean };
          expect(pod.enableServiceLinks, workload.name).to.equal(false);
          expect(pod.automountServiceAccountToken, workload.name).to.equal(workload.name === "spark-telemetry-driver");
        }
      });

      it("keeps secrets out of ConfigMaps and marks every Secret's values", async () => {
        for (const { name: map, inputs } of await mocked.ofType("kubernetes:core/v1:ConfigMap")) {
          expect(configMapProblems(inputs.data), map).to.deep.equal([]);
        }
        const keys = (await mocked.ofType("kubernetes:core/v1:Secret")).filter(
          ({ name: it }) => it !== "kafka-cluster-id",
        );
        for (const secret of keys) expect(secret.secrets, secret.name).to.include("stringData");
      });

      it("puts everything into the one namespace that enforces the restricted level", async () => {
        const namespace = await mocked.get("kubernetes:core/v1:Namespace", "namespace");
        expect(namespace.inputs.metadata.labels).to.include({
          "pod-security.kubernetes.io/enforce": "restricted",
          "pod-security.kubernetes.io/audit": "restricted",
          "pod-security.kubernetes.io/warn": "restricted",
        });
        for (const { type, name: object, inputs } of await mocked.resources()) {
          if (!type.startsWith("kubernetes:") || type === "kubernetes:core/v1:Namespace") continue;
          expect(inputs.metadata.namespace, object).to.equal("millrace");
        }
      });

      it("makes every Kubernetes object a child of the component that answers for it", async () => {
        const objects = (await mocked.lineages()).filter((lineage) => lineage.includes("kubernetes:"));
        const orphans = objects.filter(
          (lineage) => !/analytics:index:\w+\$/.test(lineage) && !lineage.includes("pulumi:providers"),
        );
        expect(orphans).to.deep.equal([]);
      });
    });
  }

  it("asks a consumer of S3 with its own key and nothing else", async () => {
    const { mocked } = await render({});
    const users: Record<string, string[]> = {};
    for (const workload of await workloads(mocked)) {
      const secrets = JSON.stringify(podOf(workload)).match(/object-store-key-\w+/g) ?? [];
      if (workload.name !== "object-store-setup") users[workload.name] = [...new Set(secrets)];
    }
    expect(users).to.deep.include({
      metastore: ["object-store-key-metastore"],
      presto: ["object-store-key-presto"],
      "spark-telemetry-driver": ["object-store-key-spark"],
      proof: ["object-store-key-proof"],
      kafka: [],
      "telemetry-producer": [],
    });
  });

  it("differs between the targets in registry, storage class and exposure only", async () => {
    const facts: Record<string, unknown> = {};
    for (const target of ["embedded", "minikube", "microk8s", "cloud"]) {
      const { mocked, program } = await render(stacks[target] ?? {});
      const provider = await mocked.get("pulumi:providers:kubernetes", "cluster");
      const brokers = await mocked.get("kubernetes:apps/v1:StatefulSet", "kafka");
      const page = await mocked.get("kubernetes:core/v1:Service", "presto-published");
      const addresses = await valueOf(program.addresses);
      facts[target] = [
        provider.inputs["context"],
        brokers.inputs.spec.template.spec.containers[0].image.split("/")[0],
        brokers.inputs.spec.volumeClaimTemplates[0].spec.storageClassName,
        page.inputs.spec.type,
        addresses.find(({ title }) => title === "Presto")?.url,
      ];
    }
    expect(facts).to.deep.equal({
      embedded: ["millrace", "localhost:5000", undefined, "NodePort", "http://127.0.0.1:30080"],
      minikube: ["minikube", "localhost:5000", "standard", "NodePort", "http://192.168.49.2:30080"],
      microk8s: ["microk8s", "localhost:32000", "microk8s-hostpath", "NodePort", "http://127.0.0.1:30080"],
      cloud: ["prod", "registry.example", "ssd", "LoadBalancer", undefined],
    });
  });

  it("makes no server for what exists already and hands consumers its address", async () => {
    const { mocked } = await render(stacks["cloud with existing S3 and Kafka"] ?? {});
    const sets = await mocked.ofType("kubernetes:apps/v1:StatefulSet");
    expect(sets.map(({ name }) => name)).to.deep.equal(["metastore"]);
    const images = await mocked.ofType("docker:index/image:Image");
    expect(images.map(({ name }) => name)).not.to.include.members(["images-kafka", "images-garage"]);
    const settings = await mocked.get("kubernetes:core/v1:ConfigMap", "spark-settings");
    expect(settings.inputs.data["spark-defaults.conf"]).to.contain(
      "spark.hadoop.fs.s3a.endpoint https://s3.eu-central-1.amazonaws.com:443",
    );
    const job = await mocked.get("kubernetes:batch/v1:Job", "proof");
    expect(JSON.stringify(job.inputs)).to.contain("b1.example:9092,b2.example:9092").and.to.contain("s3-keys");
  });

  it("makes only what is enabled, and no proof of a path that is not there", async () => {
    const off = { enabled: false };
    const { mocked, program } = await render({
      "millrace:services": { telemetry: off, spark: off, presto: off, catalog: off, objectStore: off },
      "millrace:proof": off,
    });
    expect((await workloads(mocked)).map(({ name }) => name)).to.deep.equal(["kafka"]);
    expect(program.proof).to.equal(undefined);
    expect((await valueOf(program.addresses)).map(({ title }) => title)).to.deep.equal(["Kafka"]);
  });

  it("registers nothing when the configuration is wrong", async () => {
    const mocked = await mock({ config: { "millrace:services": { kafka: { replikas: 3 } } } });
    run += 1;
    let message = "";
    try {
      await import(`../index.ts?run=${run}`);
    } catch (error) {
      message = String(error);
    }
    expect(message).to.contain("Pulumi.test.yaml").and.to.contain('did you mean "replicas"?');
    expect(await mocked.resources()).to.deep.equal([]);
  });
});
