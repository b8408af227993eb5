/**
 * What each service asks of a node: the one place for CPU and memory, used by the components' pods and by the fit check
 * (`config/fit.ts`). CPU requests are small, because the whole platform has to fit two cores and is mostly idle; limits
 * are generous, because JVMs start on them.
 */
import { mebibytes } from "../platform/quantity.ts";
import type { Resources } from "../platform/workload.ts";

/** What a Spark process needs beside its heap, in MiB: metaspace, direct buffers, and Python in the driver. */
export const SPARK_OVERHEAD_MI = 640;

/** @param requestShare Share of the memory limit that is requested: what the service uses under ordinary load. */
function resources(cpuMillis: number, cpuLimitMillis: number, memory: string, requestShare: number): Resources {
  const limit = mebibytes(memory);
  return {
    requests: { cpu: `${cpuMillis}m`, memory: `${Math.ceil(limit * requestShare)}Mi` },
    limits: { cpu: `${cpuLimitMillis}m`, memory: `${limit}Mi` },
  };
}

/** One Kafka broker. @param settings.memory Limit of the container. */
export function kafkaResources(settings: { readonly memory: string }): Resources {
  return resources(100, 2000, settings.memory, 0.67);
}

/** The S3 server (Garage or MinIO). @param settings.memory Limit of the container. */
export function objectStoreResources(settings: { readonly memory: string }): Resources {
  return resources(50, 1000, settings.memory, 0.125);
}

/** The Hive metastore. @param settings.memory Limit of the container. */
export function catalogResources(settings: { readonly memory: string }): Resources {
  return resources(50, 1500, settings.memory, 0.6);
}

/** Presto's coordinator, or one worker. @param settings.memory Limit of the container. */
export function prestoResources(settings: { readonly memory: string }): Resources {
  return resources(100, 2000, settings.memory, 0.65);
}

/** A Spark driver. @param settings.driverMemory Its heap; the container gets the overhead on top. */
export function sparkDriverResources(settings: { readonly driverMemory: string }): Resources {
  return resources(80, 2000, `${mebibytes(settings.driverMemory) + SPARK_OVERHEAD_MI}Mi`, 0.8);
}

/**
 * One Spark executor. Spark itself makes the pod, with the same memory as request and as limit.
 * @param settings.executorMemory Its heap; the container gets the overhead on top.
 * @param settings.executorCores Tasks at a time; the CPU limit.
 */
export function sparkExecutorResources(settings: {
  readonly executorMemory: string;
  readonly executorCores: number;
}): Resources {
  const memory = `${mebibytes(settings.executorMemory) + SPARK_OVERHEAD_MI}Mi`;
  return resources(80, Math.max(1, settings.executorCores) * 1000, memory, 1);
}

/** The telemetry producer. */
export function producerResources(): Resources {
  return resources(20, 500, "256Mi", 0.375);
}

/** The proof's Job. */
export function proofResources(): Resources {
  return resources(50, 1000, "384Mi", 0.375);
}

/** A short Job that sets a service up: topics, buckets, keys. */
export function setupResources(): Resources {
  return resources(50, 1000, "384Mi", 0.25);
}

/** The PostgreSQL server. @param settings.memory Limit of the container. */
export function postgresResources(settings: { readonly memory: string }): Resources {
  return resources(50, 1000, settings.memory, 0.4);
}

/** What a backup or a restore of PostgreSQL asks for. */
export function postgresBackupResources(): Resources {
  return resources(20, 1000, "256Mi", 0.25);
}

/** The parts of Airflow. Each imports Airflow at its start, which takes a core for some seconds. */
export const airflowResources = {
  apiServer: resources(50, 1500, "768Mi", 0.5),
  /** @param localTasks Whether tasks run inside the scheduler (LocalExecutor), not in pods of their own. */
  scheduler: (localTasks: boolean): Resources => resources(50, 1500, localTasks ? "2048Mi" : "640Mi", 0.55),
  dagProcessor: resources(30, 1500, "640Mi", 0.35),
  triggerer: resources(20, 1000, "512Mi", 0.45),
  /** One task pod. */
  task: resources(80, 2000, "1024Mi", 0.45),
} as const;

/** The parts of JupyterHub. */
export const jupyterhubResources = {
  hub: resources(30, 1000, "384Mi", 0.45),
  proxy: resources(10, 500, "160Mi", 0.5),
} as const;

/** One user's notebook server with its kernels. @param settings.userMemory Limit of the container. */
export function notebookServerResources(settings: { readonly userMemory: string }): Resources {
  return resources(50, 2000, settings.userMemory, 0.25);
}

/** The Spark history server. @param settings.memory Limit of the container; the heap is half of it. */
export function sparkHistoryResources(settings: { readonly memory: string }): Resources {
  return resources(20, 1000, settings.memory, 0.6);
}

/** One Cassandra node. @param settings.memory Limit of the container. */
export function cassandraResources(settings: { readonly memory: string }): Resources {
  return resources(80, 2000, settings.memory, 0.75);
}

/** One pump of random numbers. */
export function pumpResources(): Resources {
  return resources(20, 500, "192Mi", 0.4);
}

/** One Job that writes a part of the census file. */
export function censusFileResources(): Resources {
  return resources(20, 1000, "256Mi", 0.35);
}

/** One server of the web display. @param settings.memory Limit of the container. */
export function displayResources(settings: { readonly memory: string }): Resources {
  return resources(40, 1000, settings.memory, 0.5);
}
