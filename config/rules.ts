/** Rules between settings: sets that cannot work (problems), and sets that work and are risky (warnings). */
import type { PlatformConfig } from "./schema.ts";
import { s3Consumers } from "./schema.ts";

type Services = PlatformConfig["services"];
type Switchable = Exclude<keyof Services, "tools">;

/** What each service reads from or writes to. */
const needs: Readonly<Partial<Record<Switchable, { readonly of: readonly Switchable[]; readonly why: string }>>> = {
  catalog: { of: ["objectStore"], why: "its tables lie there" },
  spark: { of: ["objectStore", "catalog"], why: "its tables are there" },
  presto: { of: ["objectStore", "catalog"], why: 'they hold the tables of its catalog "lake"' },
  telemetry: {
    of: ["kafka", "objectStore", "catalog", "spark"],
    why: "the stream runs from Kafka through Spark to them",
  },
};

const path: readonly Switchable[] = ["kafka", "objectStore", "catalog", "spark", "presto", "telemetry"];

/** Sets of settings that cannot work; empty when there is none. */
export function impossible(config: PlatformConfig): string[] {
  return [
    ...clusterProblems(config.cluster),
    ...neededServices(config),
    ...kafkaProblems(config.services.kafka),
    ...objectStoreProblems(config.services.objectStore),
    ...imageProblems(config),
  ];
}

function clusterProblems(cluster: PlatformConfig["cluster"]): string[] {
  const problems: string[] = [];
  const { target } = cluster;
  const at = "millrace:cluster";
  if (target === "cloud" && cluster.context === undefined) {
    problems.push(`${at}.context: missing; target cloud needs a context (kubectl config get-contexts lists them)`);
  }
  if (target === "embedded") {
    for (const key of ["context", "kubeconfig", "registry"] as const) {
      if (cluster[key] === undefined) continue;
      problems.push(`${at}.${key}: target embedded makes its own; remove the setting, or choose another target`);
    }
  }
  if (target === "embedded" && cluster.exposure === "loadBalancer") {
    problems.push(`${at}.exposure: target embedded has no load balancers; give nodePort or none`);
  }
  if (target === "cloud" && cluster.exposure === "nodePort") {
    problems.push(`${at}.exposure: target cloud does not publish node ports; give loadBalancer or none`);
  }
  const owners = new Map<number, string>();
  const ports: [string, number][] = Object.entries(cluster.nodePorts).map(([key, port]) => [`nodePorts.${key}`, port]);
  if (target === "embedded") {
    ports.push(
      ["embedded.apiPort", cluster.embedded.apiPort],
      ["embedded.registryPort", cluster.embedded.registryPort],
    );
  }
  for (const [key, port] of ports) {
    const owner = owners.get(port);
    if (owner !== undefined) problems.push(`${at}.${key}: port ${port} is already that of ${owner}; give another`);
    owners.set(port, key);
  }
  return problems;
}

function neededServices({ services, proof }: PlatformConfig): string[] {
  const problems: string[] = [];
  for (const [service, { of, why }] of Object.entries(needs) as [Switchable, { of: Switchable[]; why: string }][]) {
    if (!services[service].enabled) continue;
    const off = of.filter((other) => !services[other].enabled);
    if (off.length === 0) continue;
    problems.push(
      `millrace:services.${service}: is enabled and needs ${off.join(", ")} (${why}), which ${off.length === 1 ? "is" : "are"} ` +
        `not; enable ${off.join(", ")}, or set millrace:services.${service}.enabled to false`,
    );
  }
  const off = path.filter((service) => !services[service].enabled);
  if (proof.enabled && off.length > 0) {
    problems.push(
      `millrace:proof: is enabled and needs the whole data path, but ${off.join(", ")} ${off.length === 1 ? "is" : "are"} ` +
        "not enabled; enable the rest of the path, or set millrace:proof.enabled to false",
    );
  }
  return problems;
}

function kafkaProblems(kafka: Services["kafka"]): string[] {
  if (!kafka.enabled || kafka.existing !== undefined) return [];
  const problems: string[] = [];
  if (kafka.replicas % 2 === 0) {
    problems.push(
      `millrace:services.kafka.replicas: received ${kafka.replicas}; every broker votes, and an even number survives no ` +
        `more failures than one less; give an odd number, for example ${kafka.replicas + 1}`,
    );
  }
  if (kafka.replicationFactor > kafka.replicas) {
    problems.push(
      `millrace:services.kafka.replicationFactor: received ${kafka.replicationFactor}, with ${kafka.replicas} ` +
        `${kafka.replicas === 1 ? "broker" : "brokers"}; give at most ${kafka.replicas}, or raise millrace:services.kafka.replicas`,
    );
  }
  return problems;
}

function objectStoreProblems(store: Services["objectStore"]): string[] {
  const at = "millrace:services.objectStore";
  if (!store.enabled) return [];
  if (store.server !== "existing") {
    const ignored = store.existing !== undefined;
    return ignored ? [`${at}.existing: is given, but server is ${store.server}; set ${at}.server to existing`] : [];
  }
  const { existing } = store;
  if (existing === undefined)
    return [`${at}.existing: missing; server existing needs at least its host and a secretName`];
  const without = s3Consumers.filter((consumer) => existing.secretNames[consumer] === "");
  if (without.length === 0) return [];
  return [
    `${at}.existing.secretNames: ${without.join(", ")} ${without.length === 1 ? "has" : "have"} no Secret; ` +
      `name one each, or one for all in ${at}.existing.secretName`,
  ];
}

function imageProblems({ cluster, services, proof }: PlatformConfig): string[] {
  const at = "millrace:services";
  const problems: string[] = [];
  const { kafka, objectStore, catalog, spark, presto, telemetry, tools } = services;
  const minio = objectStore.enabled && objectStore.server === "minio";
  if (minio && objectStore.image === undefined) {
    problems.push(
      `${at}.objectStore.image: missing; server minio is not built from packages: name its image with a tag`,
    );
  }
  if (cluster.target !== "cloud" || cluster.registry !== undefined) return problems;
  const wanted: [string, boolean, string | undefined][] = [
    ["kafka", kafka.enabled && kafka.existing === undefined, kafka.image],
    ["objectStore", objectStore.enabled && objectStore.server === "garage", objectStore.image],
    ["catalog", catalog.enabled, catalog.image],
    ["spark", spark.enabled, spark.image],
    ["presto", presto.enabled, presto.image],
    ["tools", proof.enabled || telemetry.enabled || objectStore.enabled, tools.image],
  ];
  const missing = wanted.filter(([, used, image]) => used && image === undefined).map(([name]) => name);
  if (missing.length > 0) {
    problems.push(
      `millrace:cluster.registry: missing, and target cloud has none of its own; give a registry, or an image in ` +
        missing.map((name) => `${at}.${name}.image`).join(", "),
    );
  }
  return problems;
}

/** Sets of settings that work and are risky; empty when there is none. */
export function risky(config: PlatformConfig): string[] {
  const { cluster, services, proof } = config;
  const { kafka, objectStore, catalog, presto } = services;
  const warnings: string[] = [];
  const ownKafka = kafka.enabled && kafka.existing === undefined;
  const noClaims = cluster.storageClass === "none";
  if (ownKafka && kafka.replicas === 1 && (noClaims || kafka.storage.kind === "ephemeral")) {
    warnings.push("millrace:services.kafka: one broker with ephemeral storage loses all topics at every restart");
  }
  if (ownKafka && kafka.replicas > 1 && noClaims) {
    warnings.push(
      `millrace:cluster.storageClass: none, with ${kafka.replicas} brokers: the copies lie in the pods, and a restart of ` +
        "all brokers loses them",
    );
  }
  const ownStore = objectStore.enabled && objectStore.server !== "existing";
  if (ownStore && (noClaims || objectStore.storage.kind === "ephemeral")) {
    warnings.push("millrace:services.objectStore: ephemeral storage loses all tables at every restart");
  }
  if (catalog.enabled && (noClaims || catalog.storage.kind === "ephemeral")) {
    warnings.push("millrace:services.catalog: ephemeral storage forgets all tables at every restart");
  }
  if (ownKafka && kafka.replicas > 1 && kafka.replicationFactor === 1) {
    warnings.push("millrace:services.kafka.replicationFactor: 1, so a lost broker loses its records");
  }
  if (cluster.target === "cloud") {
    if (ownKafka && kafka.replicas === 1) {
      warnings.push("millrace:services.kafka.replicas: 1 on target cloud: the loss of its node stops the data path");
    }
    if (presto.enabled && presto.workers === 0) {
      warnings.push("millrace:services.presto.workers: 0 on target cloud: the coordinator does all the work");
    }
  }
  if (kafka.enabled && kafka.existing?.securityProtocol === "PLAINTEXT") {
    warnings.push(
      "millrace:services.kafka.existing.securityProtocol: PLAINTEXT, so records cross the network in clear",
    );
  }
  if (objectStore.enabled && objectStore.existing?.protocol === "http") {
    warnings.push("millrace:services.objectStore.existing.protocol: http, so data crosses the network in clear");
  }
  if (!proof.enabled) warnings.push("millrace:proof.enabled: false, so a deploy does not show whether data flows");
  return warnings;
}
