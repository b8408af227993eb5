/** Whether the platform fits a cluster: the sum of what its pods request against what the nodes can give. */
import {
  airflowResources,
  cassandraResources,
  catalogResources,
  displayResources,
  jupyterhubResources,
  kafkaResources,
  notebookServerResources,
  objectStoreResources,
  postgresResources,
  prestoResources,
  producerResources,
  proofResources,
  pumpResources,
  setupResources,
  sparkDriverResources,
  sparkExecutorResources,
  sparkHistoryResources,
} from "../components/footprints.ts";
import { mebibytes } from "../platform/quantity.ts";
import type { Resources } from "../platform/workload.ts";
import type { PlatformConfig } from "./schema.ts";

/** What one part of the platform requests. */
export interface Footprint {
  /** Name of the service; `cluster` is what the cluster itself runs: DNS, volumes, registry, metrics. */
  readonly service: string;
  readonly cpuMillis: number;
  readonly memoryMi: number;
  /** Claims of the service, in GiB. */
  readonly diskGi: number;
}

/** What the nodes can give to pods, all nodes together. */
export interface Allocatable {
  readonly cpuMillis: number;
  readonly memoryMi: number;
}

export interface Fit {
  readonly fits: boolean;
  readonly need: Allocatable;
  readonly have: Allocatable;
  /** What to do when it does not fit, with the sums; empty when it fits. */
  readonly proposal: string;
}

const CLUSTER: Footprint = { service: "cluster", cpuMillis: 200, memoryMi: 320, diskGi: 0 };

/** What each enabled part of the platform requests, in the order of the data path. */
export function footprint({ services, proof }: PlatformConfig): Footprint[] {
  const { kafka, objectStore, postgres, catalog, spark, presto, telemetry } = services;
  const { airflow, jupyterhub, sparkConnect, sparkHistory } = services;
  const { cassandra, randomNumbers, census, windows, display } = services;
  const ownKafka = kafka.enabled && kafka.existing === undefined;
  const ownStore = objectStore.enabled && objectStore.server !== "existing";
  const rows: (Footprint | false)[] = [
    CLUSTER,
    telemetry.enabled && row("telemetry", producerResources()),
    ownKafka && row("kafka", kafkaResources(kafka), kafka.replicas, kafka.storage),
    spark.enabled && telemetry.enabled && sparkFootprint("spark", spark, spark.executors),
    ownStore && row("objectStore", objectStoreResources(objectStore), 1, objectStore.storage),
    postgres.enabled && row("postgres", postgresResources(postgres), 1, postgres.storage),
    catalog.enabled && row("catalog", catalogResources(catalog), 1, catalog.storage),
    presto.enabled && row("presto", prestoResources(presto), 1 + presto.workers),
    airflow.enabled && airflowFootprint(airflow.executor === "local"),
    jupyterhub.enabled &&
      sum(
        "jupyterhub",
        row("hub", jupyterhubResources.hub),
        row("proxy", jupyterhubResources.proxy),
        // One user at work; each further one needs as much again.
        row("server", notebookServerResources(jupyterhub)),
      ),
    sparkConnect.enabled &&
      sum(
        "sparkConnect",
        row("driver", sparkDriverResources(sparkConnect)),
        row("executors", sparkExecutorResources(spark), sparkConnect.maxExecutors),
      ),
    sparkHistory.enabled && row("sparkHistory", sparkHistoryResources(sparkHistory)),
    cassandra.enabled && row("cassandra", cassandraResources(cassandra), cassandra.replicas, cassandra.storage),
    randomNumbers.enabled && row("randomNumbers", pumpResources(), randomNumbers.replicas),
    windows.enabled && sparkFootprint("windows", { ...spark, driverMemory: windows.driverMemory }, windows.executors),
    census.enabled && sparkFootprint("census", spark, 1),
    display.enabled && row("display", displayResources(display), display.replicas),
    (ownKafka || ownStore) && row("setup", setupResources()),
    proof.enabled && row("proof", proofResources()),
  ];
  return rows.filter((candidate) => candidate !== false);
}

type Storage = PlatformConfig["services"]["kafka"]["storage"];

function row(service: string, { requests }: Resources, replicas = 1, storage?: Storage): Footprint {
  const disk = storage?.kind === "persistent" ? mebibytes(storage.size) / 1024 : 0;
  return {
    service,
    cpuMillis: millis(requests.cpu) * replicas,
    memoryMi: mebibytes(requests.memory) * replicas,
    diskGi: disk * replicas,
  };
}

/** The driver of an application and its executors. */
function sparkFootprint(service: string, spark: PlatformConfig["services"]["spark"], executors: number): Footprint {
  return sum(
    service,
    row("driver", sparkDriverResources(spark)),
    row("executors", sparkExecutorResources(spark), executors),
  );
}

/** The parts of Airflow with one task at work, which has a pod of its own unless tasks are local. */
function airflowFootprint(localTasks: boolean): Footprint {
  const { apiServer, scheduler, dagProcessor, triggerer, task } = airflowResources;
  const parts = [apiServer, scheduler(localTasks), dagProcessor, triggerer, ...(localTasks ? [] : [task])];
  return sum("airflow", ...parts.map((part) => row("airflow", part)));
}

function sum(service: string, ...parts: readonly Footprint[]): Footprint {
  return { service, ...total(parts), diskGi: parts.reduce((all, { diskGi }) => all + diskGi, 0) };
}

/** Thousandths of a core of a quantity such as `250m` or `2`. */
function millis(cpu: string): number {
  return cpu.endsWith("m") ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000;
}

/** Compares what the platform requests with what the nodes can give, and proposes a way out when it is too much. */
export function fit(config: PlatformConfig, have: Allocatable): Fit {
  const rows = footprint(config);
  const need = total(rows);
  const fits = enough(need, have);
  return { fits, need, have, proposal: fits ? "" : proposal(config, rows, need, have) };
}

function total(rows: readonly Footprint[]): Allocatable {
  return {
    cpuMillis: rows.reduce((all, { cpuMillis }) => all + cpuMillis, 0),
    memoryMi: rows.reduce((all, { memoryMi }) => all + memoryMi, 0),
  };
}

function enough(need: Allocatable, have: Allocatable): boolean {
  return need.cpuMillis <= have.cpuMillis && need.memoryMi <= have.memoryMi;
}

function proposal(config: PlatformConfig, rows: readonly Footprint[], need: Allocatable, have: Allocatable): string {
  const short = need.memoryMi > have.memoryMi ? "memoryMi" : "cpuMillis";
  const largest = rows
    .filter(({ service }) => service !== "cluster")
    .sort((a, b) => b[short] - a[short])
    .slice(0, 3)
    .map((part) => `${part.service} ${amount(short, part[short])}`);
  return (
    `the platform requests ${amounts(need)}, and the nodes can give ${amounts(have)}; ` +
    `the largest parts are ${largest.join(", ")}; ${wayOut(config, have)}`
  );
}

/**
 * Ways to need less, each with those before it; smaller before fewer, and comfort before the data path. None takes away a
 * broker, a node or a service that keeps data.
 */
function reductions(config: PlatformConfig): { readonly words: string; readonly config: PlatformConfig }[] {
  const steps: { words: string; config: PlatformConfig }[] = [];
  let services = config.services;
  const { spark, presto, sparkConnect, jupyterhub, cassandra, randomNumbers, windows, display } = services;
  const step = (words: string, next: PlatformConfig["services"], proof = config.proof): void => {
    services = next;
    steps.push({ words, config: { ...config, services, proof } });
  };
  if (presto.enabled && presto.workers > 0) {
    step("set millrace:services.presto.workers to 0", { ...services, presto: { ...presto, workers: 0 } });
  }
  if (spark.enabled && spark.executors > 1) {
    step("set millrace:services.spark.executors to 1", { ...services, spark: { ...spark, executors: 1 } });
  }
  if (windows.enabled && windows.executors > 0) {
    step("set millrace:services.windows.executors to 0", { ...services, windows: { ...windows, executors: 0 } });
  }
  if (randomNumbers.enabled && randomNumbers.replicas > 1) {
    const single = { ...randomNumbers, replicas: 1 };
    step("set millrace:services.randomNumbers.replicas to 1", { ...services, randomNumbers: single });
  }
  if (display.enabled && display.replicas > 1) {
    step("set millrace:services.display.replicas to 1", { ...services, display: { ...display, replicas: 1 } });
  }
  const big = mebibytes(spark.executorMemory) > 768 || mebibytes(spark.driverMemory) > 640;
  if (spark.enabled && big) {
    const small = { ...services.spark, driverMemory: "640Mi" as const, executorMemory: "768Mi" as const };
    step("set millrace:services.spark.driverMemory to 640Mi and executorMemory to 768Mi", {
      ...services,
      spark: small,
    });
  }
  if (cassandra.enabled && mebibytes(cassandra.memory) > 896) {
    const small = { ...services.cassandra, memory: "896Mi" as const };
    step("set millrace:services.cassandra.memory to 896Mi", { ...services, cassandra: small });
  }
  if (presto.enabled && mebibytes(presto.memory) > 1664) {
    const small = { ...services.presto, memory: "1664Mi" as const };
    step("set millrace:services.presto.memory to 1664Mi", { ...services, presto: small });
  }
  if (sparkConnect.enabled && sparkConnect.maxExecutors > 1) {
    step("set millrace:services.sparkConnect.maxExecutors to 1", {
      ...services,
      sparkConnect: { ...sparkConnect, maxExecutors: 1 },
    });
  }
  if (jupyterhub.enabled && mebibytes(jupyterhub.userMemory) > 1536) {
    step("set millrace:services.jupyterhub.userMemory to 1536Mi", {
      ...services,
      jupyterhub: { ...jupyterhub, userMemory: "1536Mi" as const },
    });
  }
  const groups = [
    ["sparkHistory"],
    ["census"],
    ["sparkConnect"],
    ["airflow"],
    ["display"],
    ["windows"],
    ["jupyterhub"],
    ["randomNumbers"],
  ] as const;
  for (const group of groups) {
    const on = group.filter((name) => services[name].enabled);
    if (on.length === 0) continue;
    const off = Object.fromEntries(on.map((name) => [name, { ...services[name], enabled: false }]));
    const settings = on.map((name) => `millrace:services.${name}.enabled`).join(" and ");
    step(`set ${settings} to false`, { ...services, ...off });
  }
  if (presto.enabled) {
    const off = { ...services, presto: { ...services.presto, enabled: false } };
    step("set millrace:services.presto.enabled and millrace:proof.enabled to false", off, {
      ...config.proof,
      enabled: false,
    });
  }
  return steps;
}

function wayOut(config: PlatformConfig, have: Allocatable): string {
  const taken: string[] = [];
  for (const step of reductions(config)) {
    taken.push(step.words);
    if (enough(total(footprint(step.config)), have)) return `to make it fit, ${taken.join(", ")}`;
  }
  const least = total(footprint(reductions(config).at(-1)?.config ?? config));
  return `no smaller set of services fits either (the least is ${amounts(least)}); give the nodes more`;
}

function amounts({ cpuMillis, memoryMi }: Allocatable): string {
  return `${amount("cpuMillis", cpuMillis)} and ${amount("memoryMi", memoryMi)} of memory`;
}

function amount(what: keyof Allocatable, value: number): string {
  return what === "cpuMillis" ? `${(value / 1000).toFixed(2)} cores` : `${(value / 1024).toFixed(2)} GiB`;
}
