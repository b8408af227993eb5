import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Output } from "@pulumi/pulumi";
import { setupResources } from "../platform/resources.ts";
import { airflowResources } from "../components/airflow/service.ts";
import { rooms } from "../components/index.ts";
import { jupyterhubResources } from "../components/jupyterhub/service.ts";
import { proofResources } from "../components/proof/service.ts";
import { sharedDriverResources, sharedExecutorResources } from "../components/spark/service.ts";
import { LOWEST_USER } from "../platform/confinement.ts";
import { configMapProblems, podProblems, type PodSpec } from "../platform/hardening.ts";
import { cleanupMs, dataCapMs, podStartMs, proofCapMs, setupCapMs } from "../platform/hops/limits.ts";
import { cpuMillis, mebibytes } from "../platform/quantity.ts";
import { footprint } from "../config/fit.ts";
import { loadConfig } from "../config/index.ts";
import { namespacesOf, wantedQuarters } from "../config/namespaces.ts";
import { settingsIn } from "../config/rooms.ts";
import { mock, type Mocked, type Registered, valueOf } from "./support/mocks.ts";
import { hopNames } from "../check/table.ts";
import { podsOf } from "../policies/rules/pod-policy.ts";
import { rules, stackRules } from "../policies/rules/index.ts";
import { consumersOf, sharedSecrets } from "../policies/rules/secret-one-consumer.ts";
import { setBudget } from "../policies/rules/workload-set-budget.ts";
import { ownAuthority } from "./support/own-authority.ts";
import { type StackResource, stackViolations, violations } from "./policies/fixtures.ts";

interface Program {
  readonly images: Output<string[]>;
  readonly addresses: Output<{ title: string; url: string | undefined }[]>;
  readonly namespace: Output<string>;
  readonly logins: readonly { title: string; service: string; users: readonly string[] }[];
  readonly proof: { readonly job: Output<string>; readonly onDemand: Output<string> } | undefined;
}

interface IngressSpec {
  readonly rules: readonly [
    {
      readonly host: string;
      readonly http: {
        readonly paths: readonly [
          {
            readonly backend: {
              readonly service: { readonly name: string; readonly port: { readonly number: number } };
            };
          },
        ];
      };
    },
  ];
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
const authority = ownAuthority();
const KAFKA_PASSWORD = 'pass "word\\ of zq81';
const behindOwnAuthority = {
  objectStore: {
    server: "existing",
    existing: {
      host: "s3.acme.example",
      port: 9443,
      pathStyle: true,
      secretName: "s3-keys",
      temporaryKeys: true,
      ca: authority.ca,
    },
  },
  kafka: {
    existing: {
      bootstrapServers: "kafka.acme.example:9093",
      securityProtocol: "SASL_SSL",
      saslMechanism: "SCRAM-SHA-512",
      username: "millrace",
      password: KAFKA_PASSWORD,
      caSecretName: "kafka-ca",
    },
  },
};
const oidc = { issuer: "https://login.example.com/realms/data", clientId: "hub", clientSecretName: "oidc-client" };
const cloud = { target: "cloud", context: "prod", registry: { push: "registry.example" }, storageClass: "ssd" };

/** One stack for each kind of cluster, and for what a cloud may bring along. */
const stacks: Record<string, Record<string, unknown>> = {
  embedded: {},
  minikube: { "millrace:cluster": { target: "minikube" } },
  microk8s: { "millrace:cluster": { target: "microk8s" } },
  cloud: {
    "millrace:cluster": { ...cloud, exposure: "loadBalancer", publishWithoutLogin: ["presto"] },
    "millrace:services": { kafka: { replicas: 3 }, presto: { workers: 2 }, spark: { executors: 2 } },
  },
  "cloud by ingress in profile full": {
    "millrace:profile": "full",
    "millrace:cluster": {
      ...cloud,
      exposure: "ingress",
      ingress: { host: "data.example.com", className: "nginx", tls: { issuer: "letsencrypt" } },
    },
    "millrace:services": { jupyterhub: { oidc } },
  },
  "cloud with existing S3 and Kafka": { "millrace:cluster": cloud, "millrace:services": existing },
  "cloud in profile full, with S3 and Kafka behind an authority of one's own": {
    "millrace:profile": "full",
    "millrace:cluster": cloud,
    "millrace:services": { ...behindOwnAuthority, presto: { workers: 2 } },
  },
  "cloud in profile studio, with both and tasks in the scheduler": {
    "millrace:profile": "studio",
    "millrace:cluster": cloud,
    "millrace:services": { ...behindOwnAuthority, airflow: { executor: "local" } },
  },
  "without any storage class": { "millrace:cluster": { ...cloud, storageClass: "none" } },
  "embedded in profile full, with policies of the network": {
    "millrace:profile": "full",
    "millrace:network": { policies: true },
  },
  "cloud in profile full, by ingress and with policies of the network": {
    "millrace:profile": "full",
    "millrace:network": { policies: true },
    "millrace:cluster": { ...cloud, exposure: "ingress", ingress: { host: "data.example.com" } },
  },
  garage: { "millrace:services": { objectStore: { server: "garage" } } },
  minio: {
    "millrace:services": { objectStore: { server: "minio", image: "minio/minio:RELEASE.2025-09-07T16-13-09Z" } },
  },
  "embedded in profile studio": { "millrace:profile": "studio" },
  "minikube in profile studio": { "millrace:profile": "studio", "millrace:cluster": { target: "minikube" } },
  "microk8s in profile studio": { "millrace:profile": "studio", "millrace:cluster": { target: "microk8s" } },
  "cloud in profile pipeline, with existing S3 and Kafka, and several of each": {
    "millrace:profile": "pipeline",
    "millrace:cluster": { ...cloud, exposure: "loadBalancer" },
    "millrace:services": {
      ...existing,
      cassandra: { replicas: 3 },
      randomNumbers: { replicas: 4, rate: 1000 },
      display: { replicas: 2 },
    },
  },
  "cloud in profile studio, with existing S3 and Kafka": {
    "millrace:profile": "studio",
    "millrace:cluster": { ...cloud, exposure: "loadBalancer" },
    "millrace:services": {
      ...existing,
      airflow: { executor: "local" },
      jupyterhub: { users: ["ana", "bob"], admins: ["ana"], oidc },
    },
  },
};

for (const target of ["embedded", "minikube", "microk8s"]) {
  for (const profile of ["pipeline", "streams", "full"]) {
    stacks[`${target} in profile ${profile}`] = { "millrace:profile": profile, "millrace:cluster": { target } };
  }
}

/** A pod with what says where it runs. */
type Placed = PodSpec & {
  readonly nodeSelector?: object;
  readonly tolerations?: object;
  readonly priorityClassName?: string;
  readonly affinity?: { readonly podAntiAffinity: object };
  readonly topologySpreadConstraints?: readonly object[];
};

/** Workloads that make pods themselves. */
const makersOfPods = ["spark-connect", "jupyterhub-hub", "airflow-scheduler"];
/** Drivers that may have executors. */
const drivers = ["spark-telemetry-driver", "spark-census-driver"];
/** Where each task has a pod, it shows the log of a running one. */
const watcherOfTasks = "airflow-api-server";

function localTasks(config: Record<string, unknown>): boolean {
  return JSON.stringify(config["millrace:services"] ?? {}).includes('"executor":"local"');
}

/** Where the pods that others make are written down: executors, and in profile studio batches, users' servers and tasks. */
const podTemplates = [
  "spark-settings/executor-pod.yaml",
  "spark-settings-in-jobs/executor-pod.yaml",
  "spark-batch/census-batch.yaml",
  "jupyterhub-hub/pod.json",
];
const taskTemplate = "airflow-settings/task-pod.yaml";

let run = 0;

interface Rendered {
  readonly mocked: Mocked;
  readonly program: Program;
}

const rendered = new Map<string, Promise<Rendered>>();

/** The program with this config, which is run once for all who look at it. */
function render(config: Record<string, unknown>): Promise<Rendered> {
  const key = JSON.stringify(config);
  const known = rendered.get(key) ?? renderAnew(config);
  rendered.set(key, known);
  return known;
}

async function renderAnew(config: Record<string, unknown>): Promise<Rendered> {
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

/** Pods that others make from a text: every pod in a ConfigMap, by the map and its key. */
async function templates(mocked: Mocked): Promise<[name: string, pod: PodSpec][]> {
  const maps = await mocked.ofType("kubernetes:core/v1:ConfigMap");
  return maps.flatMap(({ name, inputs }) =>
    Object.entries(inputs.data).flatMap(([key, text]): [string, PodSpec][] => {
      const found = /^\{[^]*"containers": ?\[/.test(text) ? (JSON.parse(text) as { spec: PodSpec }) : undefined;
      return found === undefined ? [] : [[`${name}/${key}`, found.spec]];
    }),
  );
}

/** Paths of what the API server would write in another way, and of what it would leave out: engines differ in what they record of it. */
function otherSpellings(value: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${path} is empty`];
    return value.flatMap((item, index) => otherSpellings(item, `${path}[${index}]`));
  }
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => otherSpellings(item, `${path}.${key}`));
  }
  if (/\.env\[\d+\]\.value$/.test(path)) return value === "" ? [`${path} is empty`] : [];
  const [, kind] = /\.(?:requests|limits|capacity)\.([\w-]+)$|\.(sizeLimit)$/.exec(path)?.filter(Boolean) ?? [];
  if (kind === undefined) return [];
  const [, digits, unit = ""] = /^([1-9]\d*)(m|Mi|Gi|Ti)?$/.exec(String(value)) ?? [];
  const fits = typeof value === "string" && (kind === "cpu" ? ["", "m"] : ["Mi", "Gi", "Ti"]).includes(unit);
  const isWhole = unit !== "" && Number(digits) % (unit === "m" ? 1000 : 1024) === 0;
  return fits && digits !== undefined && !isWhole ? [] : [`${path} is ${String(value)}`];
}

/** Objects in people's namespaces, and those that pods there refer to, as `namespace kind name`; those that people make are left out. */
async function objectsOfPeople(mocked: Mocked): Promise<{ referred: Set<string>; there: Set<string> }> {
  const all = await mocked.resources();
  const isOfPeople = (where: unknown): boolean => where === "millrace-jobs" || where === "millrace-users";
  const kinds = {
    Secret: /"(?:secretKeyRef|secret)":\{[^}]*?"(?:name|secretName)":"([^"]+)"/g,
    ConfigMap: /"configMap":\{"name":"([^"]+)"/g,
  };
  const named = (where: string, text: string): string[] =>
    Object.entries(kinds).flatMap(([kind, pattern]) =>
      [...text.matchAll(pattern)].map(([, name = ""]) => `${where} ${kind} ${name}`),
    );
  const executorKeys = (text: string): string[] =>
    [...text.matchAll(/secretKeyRef\.\w+[= ]([a-z0-9-]+):/g)].map(([, name = ""]) => `millrace-jobs Secret ${name}`);
  const texts = all
    .filter(({ type }) => type === "kubernetes:core/v1:ConfigMap")
    .flatMap(({ name, inputs }) => Object.entries(inputs.data).map(([key, text]) => ({ name, key, text })));
  const find = (name: string, key: string): string =>
    texts.find((one) => one.name === name && one.key === key)?.text ?? "";
  const compact = (text: string): string => (text === "" ? "" : JSON.stringify(JSON.parse(text)));
  const users = [compact(find("jupyterhub-hub", "pod.json")), compact(find("jupyterhub-hub", "people.json"))].join();
  const tokens = [...users.matchAll(/"tokenSecretName":"([^"]+)"/g)].map(
    ([, name = ""]) => `millrace-users Secret ${name}`,
  );
  const task = compact(find("airflow-settings", "task-pod.yaml"));
  const rights = [...find("airflow-settings", "task-rights.json").matchAll(/"secretName":"([^"]+)"/g)];
  const batch = compact(find("spark-batch", "census-batch.yaml"));
  const hasExecutors = (await workloads(mocked)).filter((one) =>
    JSON.stringify(podOf(one)).includes("spark.kubernetes.namespace="),
  );
  const drivers = hasExecutors.map((one) => JSON.stringify(podOf(one)));
  const shared = drivers.some((text) => !text.includes("secretKeyRef."))
    ? find("spark-settings", "spark-defaults.conf")
    : "";
  const executor = drivers.length > 0 || batch !== "" ? compact(find("spark-settings", "executor-pod.yaml")) : "";
  const { made, handMade } = secretsOf(all, isOfPeople);
  const referred = [
    ...named("millrace-users", users),
    ...tokens,
    ...(task === "" ? [] : named("millrace-jobs", task)),
    ...(task === "" ? [] : rights.map(([, name = ""]) => `millrace-jobs Secret ${name}`)),
    ...named("millrace-jobs", batch),
    ...executorKeys(batch),
    ...drivers.flatMap(executorKeys),
    ...executorKeys(shared),
    ...named("millrace-jobs", executor),
    // Task pods and drivers are told of it by their volumes; the batch's templates lie where tasks are.
  ].filter((one) => !handMade.has(one.split(" ")[2] ?? ""));
  return { referred: new Set(referred), there: made };
}

/** Objects that the program makes in people's namespaces, and names of Secrets that it makes nowhere. */
function secretsOf(
  all: readonly Registered[],
  isOfPeople: (where: unknown) => boolean,
): { made: Set<string>; handMade: Set<string> } {
  const objects = all.flatMap(({ type, inputs }) => {
    const kind = /^kubernetes:core\/v1:(Secret|ConfigMap)$/.exec(type)?.[1];
    if (kind === undefined) return [];
    const { namespace, name = "" } = inputs.metadata as { namespace?: string; name?: string };
    return [{ kind, namespace, name }];
  });
  const names = new Set(objects.filter(({ kind }) => kind === "Secret").map(({ name }) => name));
  const made = objects.filter(({ namespace }) => isOfPeople(namespace));
  const handMade = ["s3-keys", "kafka-ca", "s3-ca"].filter((name) => !names.has(name));
  return {
    made: new Set(made.map(({ kind, namespace, name }) => `${namespace ?? ""} ${kind} ${name}`)),
    handMade: new Set(handMade),
  };
}

async function workloads(mocked: Mocked): Promise<Registered[]> {
  const kinds = /:(StatefulSet|Deployment|Job|CronJob)$/;
  return (await mocked.resources()).filter(({ type }) => type.startsWith("kubernetes:") && kinds.test(type));
}

describe("the program", function () {
  this.timeout(60_000);
  for (const [name, config] of Object.entries(stacks)) {
    describe(`for ${name}`, () => {
      let mocked: Mocked;
      let program: Program;
      before(async () => {
        ({ mocked, program } = await render(config));
      });

      it("obeys every rule of the policy pack", async () => {
        const images = await valueOf(program.images);
        const objects: StackResource[] = (await mocked.resources()).map(({ type, name: it, inputs }) => ({
          type,
          name: it,
          props: { ...inputs },
        }));
        const found: string[] = [];
        for (const { type, name: it, props } of objects) {
          for (const rule of rules) {
            const messages = await violations(rule, type, props);
            found.push(...messages.map((message) => `${it}: ${rule.name}: ${message}`));
          }
        }
        const stack = { type: "pulumi:pulumi:Stack", name: "millrace", props: { images } };
        for (const rule of stackRules) {
          const messages = await stackViolations(rule, [...objects, stack]);
          found.push(...messages.map((message) => `${rule.name}: ${message}`));
        }
        expect(found).to.deep.equal([]);
      });

      it("makes pods that the restricted level accepts, with limits and probes", async () => {
        for (const workload of await workloads(mocked)) {
          const longRunning = !/Job$/.test(workload.type);
          expect(podProblems(podOf(workload) ?? {}, longRunning), workload.name).to.deep.equal([]);
        }
      });

      it("has others make pods only from templates that the restricted level accepts, with limits", async () => {
        const all = await templates(mocked);
        for (const [template, pod] of all) expect(podProblems(pod, false), template).to.deep.equal([]);
        const studio = /studio|full/.test(String(config["millrace:profile"])) ? podTemplates : podTemplates.slice(0, 1);
        const tasks = (await workloads(mocked)).some(({ name: it }) => it.startsWith("airflow")) && !localTasks(config);
        expect(all.map(([template]) => template)).to.have.members(tasks ? [...studio, taskTemplate] : studio);
      });

      it("gives a token of Kubernetes to those only that make or watch pods, look at Jobs, or agree on a leader, and no pod the addresses of Services", async () => {
        const all = await workloads(mocked);
        const looksAtBackups = all.some(({ name }) => name === "postgres-backup");
        const apart = (workload: Registered): boolean =>
          drivers.includes(workload.name) && JSON.stringify(podOf(workload)).includes("spark.executor.instances");
        const withToken = [
          ...makersOfPods,
          ...["flink", "flink-taskmanager"],
          ...all.filter(apart).map((workload) => workload.name),
          ...(localTasks(config) ? [] : [watcherOfTasks]),
          // They look at pods, at what these log, and at nodes' figures.
          ...["logs-collector", "metrics", "metrics-exporter"],
          ...(looksAtBackups ? ["proof", "proof-on-demand"] : []),
        ];
        for (const workload of all) {
          const pod = podOf(workload) as PodSpec & { enableServiceLinks?: boolean };
          expect(pod.enableServiceLinks, workload.name).to.equal(false);
          expect(pod.automountServiceAccountToken, workload.name).to.equal(withToken.includes(workload.name));
        }
      });

      it("gives no Job a time of its own: it sets up, moves data, or proves", async () => {
        const times = [setupCapMs, dataCapMs, podStartMs + proofCapMs + cleanupMs].map((ms) => ms / 1000);
        for (const { name: it, type, inputs } of await workloads(mocked)) {
          if (!/Job$/.test(type)) continue;
          const { activeDeadlineSeconds } = type.endsWith(":CronJob") ? inputs.spec.jobTemplate.spec : inputs.spec;
          expect(times, it).to.include(activeDeadlineSeconds);
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

      it("puts everything into namespaces that enforce the restricted level, which are those that the config says", async () => {
        const namespaces = await mocked.ofType("kubernetes:core/v1:Namespace");
        const loaded = loadConfig(config);
        expect(namespaces.map(({ inputs }) => inputs.metadata.name)).to.have.members([
          "millrace",
          ...wantedQuarters(loaded),
        ]);
        for (const { inputs } of namespaces) {
          expect(inputs.metadata.labels).to.include({
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/audit": "restricted",
            "pod-security.kubernetes.io/warn": "restricted",
          });
        }
        for (const { type, name: object, inputs } of await mocked.resources()) {
          if (!type.startsWith("kubernetes:") || type === "kubernetes:core/v1:Namespace") continue;
          if (type.startsWith("kubernetes:admissionregistration")) continue;
          // Nodes are in no namespace.
          if (object === "metrics" && type.includes(":ClusterRole")) continue;
          expect(namespacesOf(loaded.cluster), object).to.include(inputs.metadata.namespace);
        }
      });

      it("has servers, claims and published addresses in the platform's own namespace only", async () => {
        for (const { type, name: object, inputs } of await mocked.resources()) {
          if (!/:(Deployment|StatefulSet|Job|CronJob|Service|Ingress|PersistentVolumeClaimPatch)$/.test(type)) continue;
          expect(inputs.metadata.namespace, object).to.equal("millrace");
        }
      });

      it("gives the pods of people's programs the Secrets and ConfigMaps that they refer to, and no more", async () => {
        const { referred, there } = await objectsOfPeople(mocked);
        expect([...there].sort()).to.deep.equal([...referred].sort());
      });

      it("writes amounts as the API server does, and nothing that it would leave out", async () => {
        const objects = (await mocked.resources()).filter(({ type }) => type.startsWith("kubernetes:"));
        const found = objects.flatMap(({ name: object, inputs }) => otherSpellings(inputs, object));
        expect(found).to.deep.equal([]);
        expect(JSON.stringify(objects).match(/"cpu":"\d+m?"/g)?.length, "amounts").to.be.greaterThan(20);
      });

      it("makes every Kubernetes object a child of the component that answers for it", async () => {
        const objects = (await mocked.lineages()).filter((lineage) => lineage.includes("kubernetes:"));
        const orphans = objects.filter(
          (lineage) => !/millrace:index:\w+\$/.test(lineage) && !lineage.includes("pulumi:providers"),
        );
        expect(orphans).to.deep.equal([]);
      });
    });
  }

  it("shares no credential that the policy leaves alone and that has one consumer", async () => {
    const { mocked } = await render({ "millrace:profile": "full" });
    const all = (await mocked.resources()).map(({ type, inputs }) => ({ type, props: { ...inputs } }));
    for (const name of Object.keys(sharedSecrets)) {
      const { inputs } = await mocked.get("kubernetes:core/v1:Secret", name);
      expect(consumersOf({ props: { ...inputs } }, all), name).to.have.length(2);
    }
  });

  it("runs as a user of a node's range only what has data on a claim, or the user of the image that it stands in for", async () => {
    const { mocked } = await render({ "millrace:profile": "full" });
    const pods = (await mocked.resources()).flatMap(({ type, inputs }) => podsOf(type, inputs));
    const low = pods.filter(({ spec }) => (spec.securityContext?.runAsUser ?? 0) < LOWEST_USER);
    const users = low.map(({ spec, labels: of }) => [of["app.kubernetes.io/name"], spec.securityContext?.runAsUser]);
    expect(Object.fromEntries(users)).to.deep.equal({
      kafka: 1000,
      logs: 1000,
      metrics: 1000,
      "metrics-alerts": 1000,
      "object-store": 1000,
      metastore: 1000,
      presto: 1000,
      jupyterhub: 1000,
      postgres: 999,
      "postgres-setup": 999,
      "postgres-backup": 999,
      "postgres-restore": 999,
      cassandra: 999,
      spark: 185,
      "spark-telemetry-driver": 185,
      "spark-census-driver": 185,
      "spark-census-batch-driver": 185,
      "spark-connect": 185,
      "spark-history": 185,
    });
  });

  it("gives the Secrets of the registry to every pod, also to those that others make, and to none without them", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-pull-"));
    const before = process.env["DOCKER_CONFIG"];
    process.env["DOCKER_CONFIG"] = folder;
    try {
      const auth = Buffer.from("ana:s3cret").toString("base64");
      writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { "registry.example": { auth } } }));
      const config = { "millrace:profile": "full", "millrace:cluster": { ...cloud, exposure: "loadBalancer" } };
      const { mocked } = await render({ ...config, "millrace:images": { pullSecret: "regcred", pullLogin: true } });
      const all = [
        ...(await workloads(mocked)).map((workload) => [workload.name, podOf(workload)] as const),
        ...(await templates(mocked)),
      ];
      expect(all.map(([name]) => name)).to.include.members([...podTemplates, taskTemplate, "proof", "proof-on-demand"]);
      const wanted = [{ name: "regcred" }, { name: "registry-login" }];
      for (const [name, pod] of all) expect(pod, name).to.deep.include({ imagePullSecrets: wanted });
      const secret = await mocked.get("kubernetes:core/v1:Secret", "registry-login");
      expect(secret.secrets).to.include("stringData");
      expect(secret.inputs).to.include({ type: "kubernetes.io/dockerconfigjson" });
      const text = (secret.inputs as unknown as { stringData: Record<string, string> }).stringData[".dockerconfigjson"];
      expect(JSON.parse(text ?? "")).to.deep.equal({
        auths: { "registry.example": { username: "ana", password: "s3cret", auth } },
      });
      const texts = JSON.stringify((await mocked.ofType("kubernetes:core/v1:ConfigMap")).map(({ inputs }) => inputs));
      expect(texts).not.to.contain("s3cret").and.not.to.contain(auth);

      const { mocked: plain } = await render(config);
      expect(JSON.stringify((await plain.resources()).map(({ inputs }) => inputs))).not.to.contain("imagePullSecrets");
      expect((await plain.lineages()).join()).not.to.contain("PullSecrets");
    } finally {
      if (before === undefined) delete process.env["DOCKER_CONFIG"];
      else process.env["DOCKER_CONFIG"] = before;
      rmSync(folder, { recursive: true });
    }
  });

  describe("with S3 and Kafka behind an authority of one's own", () => {
    interface Env {
      readonly name: string;
      readonly value?: string;
      readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
    }
    interface Volumes {
      readonly volumes?: readonly {
        readonly configMap?: { readonly name: string };
        readonly secret?: { readonly secretName: string };
        readonly projected?: { readonly sources: readonly { readonly configMap?: { readonly name: string } }[] };
      }[];
    }
    /** Its files name S3 for the servers that it starts; it asks S3 nothing itself. */
    const starter = "jupyterhub-hub";
    const kinds = ["full", "studio"] as const;
    const stackOf = (profile: (typeof kinds)[number]): Record<string, unknown> => ({
      "millrace:profile": profile,
      "millrace:cluster": cloud,
      "millrace:services": { ...behindOwnAuthority, ...(profile === "studio" && { airflow: { executor: "local" } }) },
    });

    /** Every pod, with the texts that it is told: its own, and those of the ConfigMaps that it mounts. */
    async function toldPods(
      mocked: Mocked,
    ): Promise<{ name: string; pod: Omit<PodSpec, "volumes"> & Volumes; told: string }[]> {
      const maps = Object.fromEntries(
        (await mocked.ofType("kubernetes:core/v1:ConfigMap")).map(({ name, inputs }) => [
          name,
          JSON.stringify(inputs.data),
        ]),
      );
      const own = (await workloads(mocked)).map((workload) => [workload.name, podOf(workload) ?? {}] as const);
      // The hub adds each user's variables to the one pod that all users have.
      const hub = await mocked.get("kubernetes:core/v1:ConfigMap", "jupyterhub-hub");
      const people = JSON.parse(hub.inputs.data["people.json"] ?? "{}") as Record<
        string,
        { readonly env: readonly Env[] }
      >;
      const made = (await templates(mocked)).map(([name, pod]): [string, PodSpec] => {
        if (name !== "jupyterhub-hub/pod.json") return [name, pod];
        const [container, ...others] = pod.containers ?? [];
        const env = [...(container?.env ?? []), ...(Object.values(people)[0]?.env ?? [])];
        return [name, { ...pod, containers: [{ ...container, env }, ...others] }];
      });
      return [...own, ...made].map(([name, pod]) => {
        const { volumes = [] } = pod as Volumes;
        const mounted = volumes.flatMap(({ configMap, projected }) => [
          configMap?.name,
          ...(projected?.sources.map((source) => source.configMap?.name) ?? []),
        ]);
        const texts = mounted.map((map) => (map === undefined ? "" : (maps[map] ?? "")));
        return { name, pod, told: JSON.stringify(pod) + texts.join("") };
      });
    }

    function variablesOf(pod: PodSpec): Map<string, Env> {
      const containers = [...(pod.initContainers ?? []), ...(pod.containers ?? [])] as {
        readonly env?: readonly Env[];
      }[];
      return new Map(containers.flatMap(({ env = [] }) => env.map((variable) => [variable.name, variable])));
    }

    for (const profile of kinds) {
      it(`opens Kafka to every program that is told where it is, in profile ${profile}`, async () => {
        const { mocked } = await render(stackOf(profile));
        const pods = (await toldPods(mocked)).filter(({ told }) => told.includes("kafka.acme.example"));
        expect(pods.map(({ name }) => name)).to.include.members([
          "kafka-topics",
          "proof",
          "proof-on-demand",
          "spark-telemetry-driver",
          "telemetry-producer",
          "jupyterhub-hub/pod.json",
          "airflow-scheduler",
          ...(profile === "full" ? [taskTemplate, "display", "random-numbers"] : []),
        ]);
        for (const { name, pod } of pods) {
          const variables = variablesOf(pod);
          expect(variables.get("KAFKA_SASL_MECHANISM")?.value, name).to.equal("SCRAM-SHA-512");
          for (const [variable, key] of Object.entries({ KAFKA_USERNAME: "username", KAFKA_PASSWORD: "password" })) {
            const from = variables.get(variable)?.valueFrom?.secretKeyRef;
            expect(from?.name, name).to.match(/^kafka-client-[0-9a-f]{8}$/);
            expect(from?.key, name).to.equal(key);
          }
          expect(variables.get("KAFKA_CA")?.valueFrom?.secretKeyRef, name).to.deep.equal({
            name: "kafka-ca",
            key: "ca.crt",
          });
        }
      });

      it(`has every program trust S3 that is told where it is, and sign with its session, in profile ${profile}`, async () => {
        const { mocked } = await render(stackOf(profile));
        const all = await toldPods(mocked);
        // The display shows who connects to whom, and does not connect to it; the exporter only looks until when its certificate holds.
        const others = [starter, "display", "metrics-exporter"];
        const pods = all.filter(({ name, told }) => told.includes("s3.acme.example") && !others.includes(name));
        expect(pods.map(({ name }) => name)).to.include.members([
          "metastore",
          "presto",
          "postgres-backup",
          "proof",
          "spark-connect",
          "spark-history",
          "spark-telemetry-driver",
          "notebooks-setup",
          "jupyterhub-hub/pod.json",
          "airflow-scheduler",
          "airflow-api-server",
          ...(profile === "full" ? [taskTemplate, "spark-batch/census-batch.yaml", "census-file"] : []),
        ]);
        const executors = all.filter(({ name }) => name === "spark-settings/executor-pod.yaml");
        expect(executors.length).to.equal(1);
        for (const { name, pod } of [...pods, ...executors]) {
          const variables = variablesOf(pod);
          const ca = variables.get("S3_CA")?.valueFrom?.secretKeyRef?.name;
          const prepared = (pod.initContainers ?? []).some((init) => init.name === "trust")
            ? pod.volumes?.find(({ secret }) => secret !== undefined && /^s3-client-/.test(secret.secretName))?.secret
                ?.secretName
            : undefined;
          expect(ca ?? prepared, name).to.match(/^s3-client-[0-9a-f]{8}$/);
          const hasKey = ["AWS_ACCESS_KEY_ID", "OBJECT_STORE_ACCESS_KEY"].some((variable) => variables.has(variable));
          if (hasKey) {
            expect(variables.get("AWS_SESSION_TOKEN")?.valueFrom?.secretKeyRef, name).to.deep.equal({
              name: "s3-keys",
              key: "sessionToken",
            });
          }
        }
        const texts = JSON.stringify(
          (await mocked.ofType("kubernetes:core/v1:ConfigMap")).map(({ inputs }) => inputs.data),
        );
        expect(texts).to.contain("spark.kubernetes.executor.secretKeyRef.AWS_SESSION_TOKEN s3-keys:sessionToken");
      });

      it(`takes each variable once in each container, in profile ${profile}`, async () => {
        const { mocked } = await render(stackOf(profile));
        for (const { name, pod } of await toldPods(mocked)) {
          for (const { env = [] } of (pod.containers ?? []) as { readonly env?: readonly Env[] }[]) {
            const names = env.map((variable) => variable.name);
            expect(
              names.filter((one, index) => names.indexOf(one) !== index),
              name,
            ).to.deep.equal([]);
          }
        }
      });
    }

    it("keeps password and certificates in Secrets, and names these anew when their texts change", async () => {
      const { mocked } = await render(stackOf("full"));
      const secretNames = async (from: Mocked): Promise<string[]> => {
        const secrets = await from.ofType("kubernetes:core/v1:Secret");
        return secrets.flatMap(({ name, inputs }) =>
          ["kafka-client", "s3-client"].includes(name) ? [(inputs.metadata as unknown as { name: string }).name] : [],
        );
      };
      for (const { type, name, inputs } of await mocked.resources()) {
        if (type === "kubernetes:core/v1:Secret") continue;
        const text = JSON.stringify(inputs);
        expect(text, name).not.to.contain("of zq81");
        expect(text, name).not.to.contain(authority.ca.split("\n")[3]);
      }
      const secret = await mocked.get("kubernetes:core/v1:Secret", "kafka-client");
      expect(secret.secrets).to.include("stringData");
      expect(secret.inputs.stringData).to.deep.equal({ username: "millrace", password: KAFKA_PASSWORD });
      const before = await secretNames(mocked);
      expect(before.length).to.equal(2);
      const { kafka, objectStore } = behindOwnAuthority;
      const changed = { objectStore, kafka: { existing: { ...kafka.existing, password: "another" } } };
      const { mocked: next } = await render({ ...stackOf("full"), "millrace:services": changed });
      const after = await secretNames(next);
      expect(after.filter((name) => !before.includes(name)).length).to.equal(1);
      const { mocked: again } = await render(stackOf("full"));
      expect(await secretNames(again)).to.deep.equal(before);
    });
  });

  describe("with a place for pods", () => {
    const everywhere = {
      nodeSelector: { pool: "data" },
      tolerations: [{ key: "dedicated", operator: "Equal", value: "data", effect: "NoSchedule" }],
      priorityClassName: "platform",
    };
    const placeOf = ({ nodeSelector, tolerations, priorityClassName }: Placed) => ({
      nodeSelector,
      tolerations,
      priorityClassName,
    });
    const nowhere = { nodeSelector: undefined, tolerations: undefined, priorityClassName: undefined };

    /** Every pod that there is or will be, by the workload or the template that makes it. */
    async function allPods(config: Record<string, unknown>): Promise<Record<string, Placed>> {
      const { mocked } = await render(config);
      const own = (await workloads(mocked)).map((workload) => [workload.name, podOf(workload) ?? {}] as const);
      return Object.fromEntries([...own, ...(await templates(mocked))]);
    }

    it("puts every pod there, also executors, batches, tasks and users' servers", async () => {
      const pods = await allPods({ "millrace:profile": "full", "millrace:scheduling": everywhere });
      expect(Object.keys(pods)).to.include.members([...podTemplates, taskTemplate, "kafka", "proof-on-demand"]);
      for (const [name, pod] of Object.entries(pods)) expect(placeOf(pod), name).to.deep.equal(everywhere);
    });

    it("lets a service have another one, setting by setting", async () => {
      const pods = await allPods({
        "millrace:profile": "full",
        "millrace:scheduling": everywhere,
        "millrace:services": {
          kafka: { scheduling: { nodeSelector: { pool: "disks" }, tolerations: [] } },
          spark: { scheduling: { nodeSelector: {}, priorityClassName: "spare" } },
        },
      });
      const brokers = { nodeSelector: { pool: "disks" }, tolerations: undefined, priorityClassName: "platform" };
      const executors = { ...everywhere, nodeSelector: undefined, priorityClassName: "spare" };
      const others: Record<string, object> = {
        kafka: brokers,
        "kafka-topics": brokers,
        "spark-settings/executor-pod.yaml": executors,
        "spark-settings-in-jobs/executor-pod.yaml": executors,
      };
      for (const [name, pod] of Object.entries(pods)) {
        expect(placeOf(pod), name).to.deep.equal(others[name] ?? everywhere);
      }
    });

    it("writes nothing of it into a pod where nothing is set", async () => {
      for (const [name, pod] of Object.entries(await allPods({ "millrace:profile": "full" }))) {
        expect(placeOf(pod), name).to.deep.equal(nowhere);
        expect(pod.topologySpreadConstraints, name).to.equal(undefined);
      }
    });
  });

  describe("for several of a kind", () => {
    const severals: Record<string, unknown> = {
      "millrace:profile": "full",
      "millrace:cluster": cloud,
      "millrace:services": {
        kafka: { replicas: 3 },
        cassandra: { replicas: 3 },
        presto: { workers: 2 },
        display: { replicas: 2 },
        randomNumbers: { replicas: 2 },
      },
    };
    const several = ["cassandra", "display", "kafka", "presto-worker", "random-numbers"];

    it("lets a drain take one at a time, never none, and always one that is not ready", async () => {
      const { mocked } = await render(severals);
      const budgets = await mocked.ofType("kubernetes:policy/v1:PodDisruptionBudget");
      expect(budgets.map(({ name }) => name).sort()).to.deep.equal(several);
      for (const { name, inputs } of budgets) {
        const workload = (await workloads(mocked)).find((one) => one.name === name);
        expect(inputs.spec, name).to.deep.equal({
          maxUnavailable: 1,
          selector: workload?.inputs.spec.selector,
          unhealthyPodEvictionPolicy: "AlwaysAllow",
        });
      }
      const all = (await mocked.resources()).map(({ type, name, inputs }) => ({ type, name, props: inputs }));
      expect(await stackViolations(setBudget, all)).to.deep.equal([]);
    });

    it("spreads them over nodes and zones as far as it can, and keeps none from running", async () => {
      const { mocked } = await render(severals);
      for (const workload of await workloads(mocked)) {
        const { name } = workload;
        const { affinity, topologySpreadConstraints: zones = [] }: Placed = podOf(workload) ?? {};
        expect(zones.length, name).to.equal(several.includes(name) ? 1 : 0);
        if (zones.length === 0) continue;
        expect(zones[0], name).to.include({
          whenUnsatisfiable: "ScheduleAnyway",
          topologyKey: "topology.kubernetes.io/zone",
        });
        expect(Object.keys(affinity?.podAntiAffinity ?? {}), name).to.deep.equal([
          "preferredDuringSchedulingIgnoredDuringExecution",
        ]);
      }
    });

    it("makes no budget where there is one of each: it would hold up a drain and protect nothing", async () => {
      const { mocked } = await render({ "millrace:profile": "full" });
      expect(await mocked.ofType("kubernetes:policy/v1:PodDisruptionBudget")).to.deep.equal([]);
    });
  });

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

  it("asks in profile studio too, and gives users and DAGs no key but their own", async () => {
    const { mocked } = await render({
      "millrace:profile": "studio",
      "millrace:services": { jupyterhub: { users: ["ana"] } },
    });
    const keysIn = (value: unknown): string[] => [
      ...new Set(
        [...JSON.stringify(value).matchAll(/object-store-key-([\w-]+)/g)].map(([, consumer = ""]) => consumer),
      ),
    ];
    const users: Record<string, string[]> = {};
    for (const workload of await workloads(mocked)) users[workload.name] = keysIn(podOf(workload));
    for (const [template, pod] of await templates(mocked)) users[template] = keysIn(pod);
    delete users["object-store-setup"];
    expect(Object.fromEntries(Object.entries(users).filter(([, keys]) => keys.length > 0))).to.deep.equal({
      metastore: ["metastore"],
      presto: ["presto"],
      proof: ["proof"],
      "proof-on-demand": ["proof"],
      "spark-telemetry-driver": ["spark"],
      "spark-connect": ["spark-connect"],
      "spark-history": ["spark-history"],
      "postgres-backup": ["postgres-backup"],
      "postgres-restore": ["postgres-backup"],
      "notebooks-setup": ["notebooks"],
      "airflow-setup": ["airflow"],
      "airflow-api-server": ["airflow"],
      "airflow-scheduler": ["airflow"],
      "airflow-dag-processor": ["airflow"],
      "airflow-triggerer": ["airflow"],
      "airflow-settings/task-pod.yaml": ["airflow"],
      "spark-batch/census-batch.yaml": ["dag-census-batch"],
    });
    const people = await mocked.get("kubernetes:core/v1:ConfigMap", "jupyterhub-hub");
    const entries = JSON.parse(people.inputs.data["people.json"] ?? "{}") as Record<string, unknown>;
    expect(Object.fromEntries(Object.entries(entries).map(([user, entry]) => [user, keysIn(entry)]))).to.deep.equal({
      ana: ["user-ana"],
      proof: ["user-proof"],
    });
    const settings = await mocked.get("kubernetes:core/v1:ConfigMap", "airflow-settings");
    expect(keysIn(settings.inputs.data["task-rights.json"])).to.have.members(["dag-telemetry-report", "dag-bucket"]);
  });

  it("publishes in profile studio the pages of people, and says whom to log in as, on every target", async () => {
    const titles = ["Portal", "Presto", "Airflow", "JupyterHub", "Spark history"];
    for (const target of ["embedded", "minikube", "microk8s"]) {
      const { program } = await render(stacks[`${target} in profile studio`] ?? {});
      const addresses = await valueOf(program.addresses);
      expect(
        addresses.slice(0, 5).map(({ title }) => title),
        target,
      ).to.deep.equal(titles);
      expect(program.logins, target).to.deep.equal([
        { title: "Airflow", service: "airflow", users: ["admin"] },
        { title: "JupyterHub", service: "jupyterhub", users: ["analyst"] },
        ...(target === "embedded"
          ? []
          : [
              {
                title: "Portal, Spark (telemetry), Spark history, Presto, Metrics and Logs",
                service: "authProxy",
                users: ["analyst"],
              },
            ]),
      ]);
    }
    const { program } = await render(stacks["cloud in profile studio, with existing S3 and Kafka"] ?? {});
    expect(program.logins, "with a provider of logins").to.deep.equal([
      { title: "Airflow", service: "airflow", users: ["admin"] },
      {
        title: "Portal, Spark (telemetry), Spark history, Presto, Metrics and Logs",
        service: "authProxy",
        users: ["admin"],
      },
    ]);
  });

  it("proves Airflow where all that its DAG asks is there, and JupyterHub by what a notebook can ask", async () => {
    const proven = async (services: unknown) => {
      const { mocked } = await render({ "millrace:profile": "studio", "millrace:services": services });
      const job = await mocked.get("kubernetes:batch/v1:Job", "proof");
      const env = job.inputs.spec.template.spec.containers[0].env.find(({ name }) => name === "PROOF_CONFIG");
      const { airflow, jupyterhub } = (
        JSON.parse(env?.value ?? "{}") as {
          rooms: { airflow?: { runs: boolean; lastRuns: object }; jupyterhub?: object };
        }
      ).rooms;
      return [
        ...(airflow?.runs === true ? ["airflow"] : []),
        ...Object.keys(airflow?.lastRuns ?? {}),
        ...(jupyterhub ? ["notebooks"] : []),
      ];
    };
    expect(await proven({})).to.deep.equal(["airflow", "census-dag", "maintenance", "notebooks"]);
    expect(await proven({ airflow: { enabled: false } })).to.deep.equal(["notebooks"]);
    const alone = await proven({ sparkConnect: { enabled: false } });
    expect(alone, "a notebook asks Presto").to.deep.equal(["census-dag", "notebooks"]);
  });

  it("gives the catalog its own database in every profile, with the same databases saved every night", async () => {
    for (const profile of ["core", "studio", "pipeline", "streams", "full"]) {
      const { mocked } = await render({ "millrace:profile": profile });
      const metastore = await mocked.get("kubernetes:apps/v1:StatefulSet", "metastore");
      expect(JSON.stringify(podOf(metastore)), profile).to.contain('"postgres-role-metastore"');
      const backup = await mocked.get("kubernetes:batch/v1:CronJob", "postgres-backup");
      expect(JSON.stringify(podOf(backup)), profile).to.contain('"metastore airflow jupyterhub"');
      expect(backup.inputs.spec["suspend"], profile).to.equal(undefined);
      const restore = await mocked.get("kubernetes:batch/v1:CronJob", "postgres-restore");
      expect(JSON.stringify(podOf(restore)), profile).to.contain('{"name":"ONLY_BY_NAME","value":"metastore"}');
    }
  });

  it("makes each service of profile studio without the others", async () => {
    const names = async (services: Record<string, unknown>) => {
      const { mocked } = await render({ "millrace:services": services });
      const core = [
        "object-store",
        "postgres",
        "metastore",
        "presto",
        "kafka",
        "spark",
        "telemetry",
        "topics",
        "proof",
      ];
      const all = (await workloads(mocked)).map(({ name }) => name);
      return all.filter((name) => !core.some((part) => name.startsWith(part) && !/connect|history|batch/.test(name)));
    };
    const on = { enabled: true };
    expect(await names({ sparkConnect: on })).to.deep.equal(["spark-connect"]);
    expect(await names({ sparkHistory: on })).to.deep.equal(["spark-history"]);
    expect(await names({ jupyterhub: on })).to.have.members(["notebooks-setup", "jupyterhub-proxy", "jupyterhub-hub"]);
    expect(await names({ airflow: on })).to.include("airflow-scheduler");
  });

  it("runs each S3 server from its own image", async () => {
    const imageOf = async (server?: string): Promise<string | undefined> => {
      const { mocked } = await render({ "millrace:services": { objectStore: server === undefined ? {} : { server } } });
      const store = (await workloads(mocked)).find(({ name }) => name === "object-store");
      return /"image":"localhost:5000\/millrace\/(\w+):/.exec(JSON.stringify(store?.inputs))?.[1];
    };
    expect(await imageOf("garage")).to.equal("garage");
    expect(await imageOf("versity")).to.equal("versitygw");
    expect(await imageOf()).to.equal("versitygw");
  });

  it("asks in profile pipeline for S3 and Cassandra with a key and a role for each consumer", async () => {
    const { mocked } = await render({ "millrace:profile": "pipeline" });
    const secrets = (name: RegExp, value: unknown): string[] => [
      ...new Set([...JSON.stringify(value).matchAll(name)].map(([, consumer = ""]) => consumer)),
    ];
    const keys: Record<string, string[]> = {};
    const roles: Record<string, string[]> = {};
    for (const workload of await workloads(mocked)) {
      keys[workload.name] = secrets(/"object-store-key-([\w-]+)"/g, podOf(workload));
      roles[workload.name] = secrets(/"cassandra-role-([\w-]+)"/g, podOf(workload));
    }
    expect(keys).to.deep.include({
      "census-file": ["census-file"],
      "spark-census-driver": ["census"],
      "spark-telemetry-driver": ["spark"],
      display: [],
      "random-numbers": [],
      cassandra: [],
    });
    delete roles["cassandra-setup"];
    expect(Object.fromEntries(Object.entries(roles).filter(([, of]) => of.length > 0))).to.deep.equal({
      // A node knows by it whether its data were made with the superuser's password of now.
      cassandra: ["admin"],
      "spark-telemetry-driver": ["spark"],
      "spark-census-driver": ["census"],
      presto: ["presto"],
      display: ["display"],
      // It sees how the nodes are, and no table of people's.
      "metrics-exporter": ["metrics"],
      proof: ["proof"],
      "proof-on-demand": ["proof"],
    });
  });

  it("publishes the display in profile pipeline right after the portal, and on the loopback it asks for no login", async () => {
    for (const target of ["embedded", "minikube", "microk8s"]) {
      const { program } = await render(stacks[`${target} in profile pipeline`] ?? {});
      const [door, first] = await valueOf(program.addresses);
      expect(door?.title, target).to.equal("Portal");
      expect(first?.title, target).to.equal("Display");
      expect(first?.url, target).to.match(/^http:\/\/.+:30300$/);
      const title = "Portal, Spark (telemetry), Presto, Display, Metrics and Logs";
      expect(program.logins, target).to.deep.equal(
        target === "embedded" ? [] : [{ title, service: "authProxy", users: ["admin"] }],
      );
    }
  });

  it("lets records into both topics that are too large for the streams, so that they are seen", async () => {
    const { mocked } = await render({ "millrace:profile": "pipeline" });
    const setup = await mocked.get("kubernetes:batch/v1:Job", "kafka-topics");
    const env = setup.inputs.spec.template.spec.containers[0].env.find(({ name }) => name === "TOPICS_CONFIG");
    const { topics, otherTopicsBytes } = JSON.parse(env?.value ?? "{}") as {
      topics: { name: string; partitions: number; config: object }[];
      otherTopicsBytes: number;
    };
    expect(otherTopicsBytes).to.equal(112 * 2 ** 20);
    const config = {
      "retention.ms": "86400000",
      "max.message.bytes": "4194304",
      "retention.bytes": "469762048",
      "segment.bytes": "67108864",
    };
    expect(topics).to.deep.equal([
      { name: "telemetry", partitions: 3, replicationFactor: 1, config },
      { name: "random-numbers", partitions: 3, replicationFactor: 1, config },
    ]);
  });

  it("proves an existing S3 service by the bucket that its tables are in", async () => {
    const { objectStore } = existing;
    const store = { ...objectStore, existing: { ...objectStore.existing, buckets: { lake: "company-lake" } } };
    const { mocked } = await render({
      "millrace:profile": "core",
      "millrace:cluster": cloud,
      "millrace:services": { objectStore: store },
    });
    const job = await mocked.get("kubernetes:batch/v1:Job", "proof");
    const env = job.inputs.spec.template.spec.containers[0].env.find(({ name }) => name === "PROOF_CONFIG");
    const { rooms } = JSON.parse(env?.value ?? "{}") as {
      rooms: Record<"objectStore" | "catalog", { bucket: string }>;
    };
    expect([rooms.objectStore.bucket, rooms.catalog.bucket]).to.deep.equal(["company-lake", "company-lake"]);
  });

  it("proves of the way to the browser what is there, and says of the rest that it is not asked", async () => {
    const proven = async (services: unknown) => {
      const { mocked } = await render({ "millrace:profile": "pipeline", "millrace:services": services });
      const job = await mocked.get("kubernetes:batch/v1:Job", "proof");
      const env = job.inputs.spec.template.spec.containers[0].env.find(({ name }) => name === "PROOF_CONFIG");
      const { rooms, skipped } = JSON.parse(env?.value ?? "{}") as { rooms: object; skipped: object };
      const otherHops = ["airflow", "notebooks", "spark-history", "census-dag", "maintenance", "logins"];
      const ofStreams = ["race", "race-spark", "race-flink", "connect", "zookeeper", "nifi"];
      const parts = ["randomNumbers", "display", "cassandra", "windows", "census"];
      return {
        left: parts.filter((part) => !Object.hasOwn(rooms, part)),
        skipped: hopNames.filter((hop) => hop in skipped && ![...otherHops, ...ofStreams].includes(hop)),
      };
    };
    const off = { enabled: false };
    expect(await proven({})).to.deep.equal({ left: [], skipped: [] });
    expect(await proven({ census: off })).to.deep.equal({ left: ["census"], skipped: ["census"] });
    expect(await proven({ windows: off })).to.deep.equal({
      left: ["windows"],
      skipped: ["cassandra", "presto-cassandra", "lake", "display"],
    });
    expect(await proven({ display: off })).to.deep.equal({
      left: ["display"],
      skipped: ["live", "display", "census"],
    });
  });

  it("makes each service of profile pipeline without those that it does not need", async () => {
    const on = { enabled: true };
    const core = (await workloads((await render({})).mocked)).map(({ name }) => name);
    const added = async (services: Record<string, unknown>) => {
      const { mocked } = await render({ "millrace:services": services });
      return (await workloads(mocked)).map(({ name }) => name).filter((name) => !core.includes(name));
    };
    const rows = ["cassandra", "cassandra-setup"];
    expect(await added({ cassandra: on })).to.have.members(rows);
    expect(await added({ randomNumbers: on })).to.deep.equal(["random-numbers"]);
    expect(await added({ census: on })).to.have.members(["census-file", "spark-census-driver"]);
    const numbers = { cassandra: on, randomNumbers: on };
    expect(await added({ ...numbers, windows: on })).to.have.members([...rows, "random-numbers"]);
    expect(await added({ ...numbers, display: on })).to.have.members([...rows, "random-numbers", "display"]);
  });

  it("runs the batch over the census again when the file is another one, and not for a change elsewhere", async () => {
    const batch = async (services: unknown) => {
      const { mocked } = await render({ "millrace:profile": "pipeline", "millrace:services": services });
      return JSON.stringify((await mocked.get("kubernetes:batch/v1:Job", "spark-census-driver")).inputs.spec);
    };
    const before = await batch({});
    expect(await batch({ census: { rows: 50 } })).not.to.equal(before);
    expect(await batch({ census: { seed: 2 } })).not.to.equal(before);
    expect(await batch({ randomNumbers: { rate: 20 }, windows: { windowSeconds: 5 } })).to.equal(before);
  });

  it("has an executor for the batch over the census only where the file is large", async () => {
    const command = async (rows: number) => {
      const { mocked } = await render({ "millrace:profile": "pipeline", "millrace:services": { census: { rows } } });
      return JSON.stringify((await mocked.get("kubernetes:batch/v1:Job", "spark-census-driver")).inputs.spec);
    };
    expect(await command(200_000))
      .to.contain("spark.master=local[2]")
      .and.not.to.contain("spark.executor.instances");
    expect(await command(200_001))
      .to.contain("spark.executor.instances=1")
      .and.not.to.contain("spark.master=local");
  });

  for (const profile of ["core", "studio", "pipeline", "streams", "full"]) {
    for (const sizes of ["small", "large"]) {
      it(`requests in profile ${profile} with sizes ${sizes} what the fit check counts`, async () => {
        const given = { "millrace:profile": profile, "millrace:cluster": { sizes } };
        const { mocked } = await render(given);
        const requested = { cpuMillis: 0, memoryMi: 0 };
        const count = (requests: Readonly<Record<string, string>> = {}, times = 1): void => {
          requested.cpuMillis += cpuMillis(requests["cpu"] ?? "") * times;
          requested.memoryMi += mebibytes(requests["memory"] ?? "") * times;
        };
        for (const workload of await workloads(mocked)) {
          if (/Job$/.test(workload.type)) continue;
          for (const { resources } of podOf(workload)?.containers ?? []) {
            count(resources?.requests as Record<string, string>, workload.inputs.spec.replicas);
          }
        }
        // Pods that others make, one of each kind; Jobs; and what the cluster itself runs.
        const config = loadConfig(given);
        const of = settingsIn(config);
        const executor = sharedExecutorResources(of(rooms.spark));
        const counted = [setupResources(), proofResources(of(rooms.proof))];
        if (/studio|full/.test(profile)) {
          counted.push(executor, jupyterhubResources(of(rooms.jupyterhub)).server);
          counted.push(airflowResources(of(rooms.airflow)).task);
        }
        // The batch over the census.
        if (/pipeline|full/.test(profile)) counted.push(sharedDriverResources(of(rooms.spark)));
        for (const { requests } of counted) count(requests);
        const parts = footprint(config);
        const cluster = parts.find(({ service }) => service === "cluster");
        requested.cpuMillis += cluster?.cpuMillis ?? 0;
        requested.memoryMi += cluster?.memoryMi ?? 0;
        expect(requested).to.deep.equal({
          cpuMillis: parts.reduce((all, part) => all + part.cpuMillis, 0),
          memoryMi: parts.reduce((all, part) => all + part.memoryMi, 0),
        });
      });
    }
  }

  it("differs between the targets in registry, storage class, exposure and sizes only", async () => {
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

  const publishedBy = async (cluster: object): Promise<string[]> => {
    const { mocked } = await render({ "millrace:profile": "full", "millrace:cluster": { ...cloud, ...cluster } });
    const services = await mocked.ofType("kubernetes:core/v1:Service");
    return services.flatMap(({ name, inputs }) => (inputs.spec.type === "LoadBalancer" ? [name] : [])).sort();
  };

  it("opens nothing to a cloud's load balancers that stays inside", async () => {
    const keepInside = ["presto", "sparkUi", "sparkHistory", "display", "airflow"];
    expect(await publishedBy({ exposure: "loadBalancer", keepInside })).to.deep.equal([
      "jupyterhub-published",
      "logs-published",
      "metrics-published",
      "object-store-published",
      "portal-published",
    ]);
  });

  it("opens to them what asks nobody behind the proxy's login", async () => {
    expect(await publishedBy({ exposure: "loadBalancer" })).to.deep.equal([
      "airflow-published",
      "display-published",
      "jupyterhub-published",
      "logs-published",
      "metrics-published",
      "object-store-published",
      "portal-published",
      "presto-published",
      "spark-history-published",
      "spark-telemetry-driver-published",
    ]);
  });

  /** What each published Service leads to, by its name. */
  const ledTo = async (config: Record<string, unknown>): Promise<Record<string, string>> => {
    const { mocked } = await render(config);
    const services = await mocked.ofType("kubernetes:core/v1:Service");
    return Object.fromEntries(
      services
        .filter(({ name }) => name.endsWith("-published"))
        .map(({ name, inputs }) => {
          const selector = inputs.spec.selector as Readonly<Record<string, string>>;
          return [name.replace(/-published$/, ""), selector["app.kubernetes.io/name"] ?? ""];
        }),
    );
  };
  const withoutLogin = ["presto", "spark-telemetry-driver", "spark-history", "display"];

  it("publishes no page that asks nobody, beyond the loopback, but by the proxy that asks for a login", async () => {
    for (const name of ["minikube in profile full", "microk8s in profile full", "cloud by ingress in profile full"]) {
      const led = await ledTo(stacks[name] ?? {});
      const open = Object.entries(led).filter(([service, to]) => withoutLogin.includes(service) && to !== "auth-proxy");
      expect(open, name).to.deep.equal([]);
      expect(
        withoutLogin.filter((service) => !(service in led)),
        name,
      ).to.deep.equal([]);
      expect(led["airflow"], name).to.equal("airflow");
    }
  });

  it("asks on the loopback only where the stack says so, and leaves a page open only where it names it", async () => {
    const embedded = { "millrace:profile": "full" };
    expect(Object.values(await ledTo(embedded))).not.to.include("auth-proxy");
    const always = { ...embedded, "millrace:cluster": { askForLogin: "always", publishWithoutLogin: ["display"] } };
    const led = await ledTo(always);
    expect(withoutLogin.map((service) => led[service])).to.deep.equal([
      "auth-proxy",
      "auth-proxy",
      "auth-proxy",
      "display",
    ]);
  });

  it("makes no proxy where no page is before one", async () => {
    for (const cluster of [{}, { exposure: "none", askForLogin: "always" }, cloud]) {
      const { mocked, program } = await render({ "millrace:cluster": cluster });
      const names = (await mocked.resources()).map(({ name }) => name);
      expect(names.filter((name) => name.includes("auth-proxy"))).to.deep.equal([]);
      expect(program.logins.map(({ service }) => service)).not.to.include("authProxy");
    }
  });

  it("has the people of JupyterHub log in with their passwords from there, and else one account", async () => {
    const accounts = async (config: Record<string, unknown>) => {
      const { mocked, program } = await render({ "millrace:cluster": { target: "minikube" }, ...config });
      const { volumes } = podOf(await mocked.get("kubernetes:apps/v1:Deployment", "auth-proxy")) as unknown as {
        volumes: { projected?: { sources: { secret: { name: string; items: { path: string }[] } }[] } }[];
      };
      const files = volumes.flatMap(({ projected }) => projected?.sources ?? []);
      return {
        files: files.map(({ secret }) => [secret.name, ...secret.items.map(({ path }) => path)].join(" ")),
        users: program.logins.find(({ service }) => service === "authProxy")?.users,
      };
    };
    expect(await accounts({ "millrace:profile": "core" })).to.deep.equal({
      files: ["auth-proxy-users admin proof"],
      users: ["admin"],
    });
    const users = ["ana", "ben@example.com"];
    const studio = { "millrace:profile": "studio", "millrace:services": { jupyterhub: { users } } };
    expect(await accounts(studio)).to.deep.equal({
      files: ["auth-proxy-users proof", "jupyterhub-users ana ben@example.com"],
      users,
    });
    const withOidc = { ...studio, "millrace:services": { jupyterhub: { users, oidc } } };
    expect((await accounts(withOidc)).files).to.deep.equal(["auth-proxy-users admin proof"]);
  });

  it("gives every page a host name by an Ingress, and Kafka none", async () => {
    const { mocked, program } = await render(stacks["cloud by ingress in profile full"] ?? {});
    const ingresses = await mocked.ofType("kubernetes:networking.k8s.io/v1:Ingress");
    const services = await mocked.ofType("kubernetes:core/v1:Service");
    const led = ingresses.map(({ inputs }) => {
      const [{ host, http }] = (inputs.spec as unknown as IngressSpec).rules;
      const { name, port } = http.paths[0].backend.service;
      const service = services.find((one) => one.name === name)?.inputs.spec;
      return [host, name, service?.type, service?.ports[0].port === port.number];
    });
    expect(led.sort()).to.deep.equal([
      ["airflow.data.example.com", "airflow-published", "ClusterIP", true],
      ["display.data.example.com", "display-published", "ClusterIP", true],
      ["jupyterhub.data.example.com", "jupyterhub-published", "ClusterIP", true],
      ["logs.data.example.com", "logs-published", "ClusterIP", true],
      ["metrics.data.example.com", "metrics-published", "ClusterIP", true],
      ["object-store.data.example.com", "object-store-published", "ClusterIP", true],
      ["portal.data.example.com", "portal-published", "ClusterIP", true],
      ["presto.data.example.com", "presto-published", "ClusterIP", true],
      ["spark-history.data.example.com", "spark-history-published", "ClusterIP", true],
      ["spark-ui.data.example.com", "spark-telemetry-driver-published", "ClusterIP", true],
    ]);
    expect(services.filter(({ inputs }) => /NodePort|LoadBalancer/.test(inputs.spec.type))).to.deep.equal([]);
    expect(await valueOf(program.addresses)).to.deep.equal([
      { title: "Portal", url: "https://portal.data.example.com", login: true },
      { title: "Display", url: "https://display.data.example.com", login: true },
      { title: "Presto", url: "https://presto.data.example.com", login: true },
      { title: "Airflow", url: "https://airflow.data.example.com" },
      { title: "JupyterHub", url: "https://jupyterhub.data.example.com" },
      { title: "Spark history", url: "https://spark-history.data.example.com", login: true },
      { title: "Spark (telemetry)", url: "https://spark-ui.data.example.com", login: true },
      { title: "S3 (Versity)", url: "https://object-store.data.example.com" },
      { title: "Logs", url: "https://logs.data.example.com", login: true },
      { title: "Metrics", url: "https://metrics.data.example.com", login: true },
    ]);
  });

  it("makes no Ingress, and no base address, on a target with node ports", async () => {
    const { mocked } = await render(stacks["minikube in profile full"] ?? {});
    expect(await mocked.ofType("kubernetes:networking.k8s.io/v1:Ingress")).to.deep.equal([]);
    const made = JSON.stringify((await mocked.resources()).map(({ inputs }) => inputs));
    expect(made).not.to.match(/public_url=|AIRFLOW__API__BASE_URL|OAUTH_CALLBACK_URL/);
  });

  it("makes no server for what exists already and hands consumers its address", async () => {
    const { mocked } = await render(stacks["cloud with existing S3 and Kafka"] ?? {});
    const sets = await mocked.ofType("kubernetes:apps/v1:StatefulSet");
    expect(sets.map(({ name }) => name)).to.deep.equal(["postgres", "metastore"]);
    const images = await mocked.ofType("docker:index/image:Image");
    expect(images.map(({ name }) => name)).not.to.include.members([
      "images-kafka",
      "images-garage",
      "images-versitygw",
    ]);
    const settings = await mocked.get("kubernetes:core/v1:ConfigMap", "spark-settings");
    expect(settings.inputs.data["spark-defaults.conf"]).to.contain(
      "spark.hadoop.fs.s3a.endpoint https://s3.eu-central-1.amazonaws.com:443",
    );
    const job = await mocked.get("kubernetes:batch/v1:Job", "proof");
    expect(JSON.stringify(job.inputs)).to.contain("b1.example:9092,b2.example:9092").and.to.contain("s3-keys");
  });

  it("hands consumers buckets with dots as they are, in paths", async () => {
    const buckets = {
      lake: "acme.lake",
      checkpoints: "acme.checkpoints",
      notebooks: "acme.notebooks",
      homes: "acme.homes",
    };
    const { mocked } = await render({
      "millrace:profile": "studio",
      "millrace:cluster": cloud,
      "millrace:services": {
        ...existing,
        objectStore: {
          server: "existing",
          existing: { ...existing.objectStore.existing, pathStyle: true, buckets },
        },
      },
    });
    const settings = await mocked.get("kubernetes:core/v1:ConfigMap", "spark-settings");
    const defaults = settings.inputs.data["spark-defaults.conf"];
    expect(defaults).to.contain("spark.hadoop.fs.s3a.path.style.access true").and.to.contain("s3a://acme.lake");
    const clients = await mocked.get("kubernetes:core/v1:ConfigMap", "client-endpoints");
    expect(JSON.stringify(clients.inputs.data)).to.contain("s3://acme.notebooks");
  });

  it("makes only what is enabled, and no proof of a path that is not there", async () => {
    const off = { enabled: false };
    const { mocked, program } = await render({
      "millrace:services": { telemetry: off, spark: off, presto: off, catalog: off, objectStore: off },
      "millrace:proof": off,
    });
    expect((await workloads(mocked)).map(({ name }) => name)).to.deep.equal(["kafka", "kafka-topics"]);
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
