/** Rules between settings: sets that cannot work (problems), and sets that work and are risky (warnings). */
import { cronProblem } from "../platform/cron.ts";
import { ROBOT } from "../platform/names.ts";
import { objectStoreContents, s3Owner, type S3Consumer } from "./buckets.ts";
import { retentionWarnings } from "./kafka-retention.ts";
import { nearest } from "./nearest.ts";
import type { PlatformConfig } from "./schema.ts";

type Services = PlatformConfig["services"];
type Switchable = Exclude<keyof Services, "tools">;

/** What each service reads from or writes to. */
const needs: Readonly<Partial<Record<Switchable, { readonly of: readonly Switchable[]; readonly why: string }>>> = {
  catalog: { of: ["objectStore", "postgres"], why: "its tables and what it knows of them are kept there" },
  spark: { of: ["objectStore", "catalog"], why: "its tables are there" },
  presto: { of: ["objectStore", "catalog"], why: 'they hold the tables of its catalog "lake"' },
  telemetry: {
    of: ["kafka", "objectStore", "catalog", "spark"],
    why: "the stream runs from Kafka through Spark to them",
  },
  sparkConnect: { of: ["spark"], why: "its sessions take Spark's settings and account" },
  sparkHistory: { of: ["objectStore", "spark"], why: "Spark's applications write there what it shows" },
  airflow: { of: ["postgres", "objectStore"], why: "its runs and the logs of its tasks are kept there" },
  jupyterhub: { of: ["postgres", "objectStore"], why: "its users and their notebooks are kept there" },
  randomNumbers: { of: ["kafka"], why: "its numbers go there" },
  census: { of: ["objectStore", "catalog", "spark"], why: "Spark reads its file there and writes its figures" },
  windows: {
    of: ["kafka", "objectStore", "catalog", "spark", "cassandra", "telemetry", "randomNumbers"],
    why: "Spark reads the topics of both streams and writes to the lake and to Cassandra",
  },
  display: {
    of: ["kafka", "presto", "cassandra", "telemetry", "randomNumbers"],
    why: "its pages show what they have",
  },
};

const path: readonly Switchable[] = ["kafka", "objectStore", "catalog", "spark", "presto", "telemetry"];

/** Sets of settings that cannot work; empty when there is none. */
export function impossible(config: PlatformConfig): string[] {
  return [
    ...clusterProblems(config.cluster),
    ...neededServices(config),
    ...kafkaProblems(config.services.kafka),
    ...cassandraProblems(config.services.cassandra),
    ...objectStoreProblems(config),
    ...postgresProblems(config.services),
    ...jupyterhubProblems(config.services),
    ...censusProblems(config.services),
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
  if (target === "embedded" && cluster.existingNamespace) {
    problems.push(`${at}.existingNamespace: target embedded has no namespace before the platform; remove the setting`);
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

function cassandraProblems({ enabled, replicas, replicationFactor }: Services["cassandra"]): string[] {
  if (!enabled || replicationFactor <= replicas) return [];
  return [
    `millrace:services.cassandra.replicationFactor: received ${replicationFactor}, with ${replicas} ` +
      `${replicas === 1 ? "node" : "nodes"}; give at most ${replicas}, or raise millrace:services.cassandra.replicas`,
  ];
}

function objectStoreProblems(config: PlatformConfig): string[] {
  const store = config.services.objectStore;
  const at = "millrace:services.objectStore";
  if (!store.enabled) return [];
  if (store.server !== "existing") {
    const ignored = store.existing !== undefined;
    return ignored ? [`${at}.existing: is given, but server is ${store.server}; set ${at}.server to existing`] : [];
  }
  const { existing } = store;
  if (existing === undefined)
    return [`${at}.existing: missing; server existing needs at least its host and a secretName`];
  const { keys, homes, secretNames } = objectStoreContents(config);
  const lacking = (Object.keys(keys) as S3Consumer[]).filter((consumer) => secretNames[consumer] === "");
  const without = [...new Set(lacking.map(s3Owner))];
  const problems: string[] = [];
  if (without.length > 0) {
    problems.push(
      `${at}.existing.secretNames: ${without.join(", ")} ${without.length === 1 ? "has" : "have"} no Secret; ` +
        `name one each, or one for all in ${at}.existing.secretName`,
    );
  }
  const { homes: homeBucket, ...others } = existing.buckets;
  const [shared] = Object.entries(others).find(([, bucket]) => bucket === homeBucket) ?? [];
  if (Object.keys(homes).length > 0 && shared !== undefined) {
    problems.push(
      `${at}.existing.buckets.homes: received "${homeBucket}", which is also ${shared}, and users write to their homes; ` +
        "give a bucket of its own",
    );
  }
  return problems;
}

function postgresProblems({ postgres, objectStore }: Services): string[] {
  if (!postgres.enabled || !postgres.backup.enabled) return [];
  const at = "millrace:services.postgres.backup";
  const problems: string[] = [];
  if (!objectStore.enabled) {
    problems.push(`${at}: is enabled and needs objectStore, which is not; enable it, or set ${at}.enabled to false`);
  }
  const cron = cronProblem(postgres.backup.schedule);
  if (cron !== undefined) problems.push(`${at}.schedule: ${cron}`);
  return problems;
}

function jupyterhubProblems({ jupyterhub }: Services): string[] {
  if (!jupyterhub.enabled) return [];
  const at = "millrace:services.jupyterhub";
  const { users, admins } = jupyterhub;
  const problems: string[] = [];
  if (users.includes(ROBOT)) {
    problems.push(`${at}.users: "${ROBOT}" is the account that the proof logs in with; give another name`);
  }
  for (const user of new Set(users.filter((name, index) => users.indexOf(name) !== index))) {
    problems.push(`${at}.users: "${user}" is there twice; name each user once`);
  }
  for (const admin of admins.filter((name) => !users.includes(name))) {
    const meant = nearest(admin, users);
    problems.push(
      `${at}.admins: "${admin}" is none of users, which are ${users.join(", ")}; ` +
        (meant === undefined ? "add the name to users too" : `did you mean "${meant}"?`),
    );
  }
  return problems;
}

function censusProblems({ census }: Services): string[] {
  if (!census.enabled || census.parts <= census.rows) return [];
  return [
    `millrace:services.census.parts: received ${census.parts}, with ${census.rows} ${census.rows === 1 ? "row" : "rows"}; ` +
      `give at most ${census.rows}, or raise millrace:services.census.rows`,
  ];
}

function imageProblems({ cluster, services, proof }: PlatformConfig): string[] {
  const at = "millrace:services";
  const problems: string[] = [];
  const { kafka, objectStore, catalog, spark, presto, telemetry, tools } = services;
  const { postgres, airflow, jupyterhub, cassandra, randomNumbers, display } = services;
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
    ["postgres", postgres.enabled, postgres.image],
    ["airflow", airflow.enabled, airflow.image],
    ["jupyterhub", jupyterhub.enabled, jupyterhub.image],
    ["cassandra", cassandra.enabled, cassandra.image],
    ["display", display.enabled, display.image],
    ["tools", [proof, telemetry, objectStore, cassandra, randomNumbers].some((user) => user.enabled), tools.image],
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
  const { kafka, objectStore, presto, postgres, jupyterhub, cassandra } = services;
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
  if (postgres.enabled && (noClaims || postgres.storage.kind === "ephemeral")) {
    warnings.push(
      "millrace:services.postgres: ephemeral storage forgets all tables, Airflow's runs and JupyterHub's users at every restart",
    );
  }
  if (cassandra.enabled && (noClaims || cassandra.storage.kind === "ephemeral")) {
    warnings.push("millrace:services.cassandra: ephemeral storage loses a node's rows at every restart of it");
  }
  warnings.push(...retentionWarnings(services));
  if (ownKafka && kafka.replicas > 1 && kafka.replicationFactor === 1) {
    warnings.push("millrace:services.kafka.replicationFactor: 1, so a lost broker loses its records");
  }
  if (cluster.target === "cloud") {
    if (ownKafka && kafka.replicas === 1) {
      warnings.push("millrace:services.kafka.replicas: 1 on target cloud: the loss of its node stops the data path");
    }
    if (cassandra.enabled && cassandra.replicas === 1) {
      warnings.push(
        "millrace:services.cassandra.replicas: 1 on target cloud: the loss of its node takes its rows away",
      );
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
  warnings.push(...brokenDags(services), ...emptyPages(services));
  if (jupyterhub.enabled && sharedHomes(config)) {
    warnings.push(
      `millrace:services.jupyterhub: the existing S3 service gives all users one key, so each of them can read and write ` +
        `the notebooks of all others in bucket "${objectStore.existing?.buckets.homes ?? ""}"`,
    );
  }
  if (!proof.enabled) warnings.push("millrace:proof.enabled: false, so a deploy does not show whether data flows");
  return warnings;
}

/** What the platform's own DAGs ask for. */
const dagNeeds = {
  telemetry_report: ["telemetry", "presto", "sparkConnect"],
  census_batch: ["spark", "catalog"],
  lake_maintenance: ["sparkConnect"],
} as const satisfies Readonly<Record<string, readonly Switchable[]>>;

function brokenDags(services: Services): string[] {
  if (!services.airflow.enabled) return [];
  return Object.entries(dagNeeds).flatMap(([dag, of]) => {
    const off = of.filter((service) => !services[service].enabled);
    if (off.length === 0) return [];
    return [
      `millrace:services.airflow: its DAG ${dag} needs ${off.join(", ")}, which ${off.length === 1 ? "is" : "are"} not ` +
        "enabled, so its runs will fail",
    ];
  });
}

/** Who fills the pages of the display that show what Spark has computed. */
const fillers = [
  ["windows", "of streamed figures"],
  ["census", "of the census"],
] as const;

function emptyPages({ display, ...services }: Services): string[] {
  if (!display.enabled) return [];
  return fillers
    .filter(([service]) => !services[service].enabled)
    .map(
      ([service, pages]) =>
        `millrace:services.display: its pages ${pages} stay empty, for ${service} is not enabled and fills them`,
    );
}

/** Whether all users share one bucket and one key, because S3 keys are not the platform's to make. */
export function sharedHomes({ services }: PlatformConfig): boolean {
  return services.objectStore.existing !== undefined;
}
