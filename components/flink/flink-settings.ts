/** Flink's own settings, as values. */
import * as pulumi from "@pulumi/pulumi";
import type { CatalogEndpoint } from "../catalog/endpoint.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import { s3aSettings } from "../object-store/s3-settings.ts";
import { mebibytes } from "../../platform/quantity.ts";

export const PORTS = {
  /** JobManager. */
  rpc: 6123,
  blob: 6124,
  rest: 8081,
  /** TaskManagers. */
  data: 6121,
  worker: 6122,
  metrics: 6125,
  results: 6126,
  /** SQL gateway. */
  sql: 8083,
} as const;
/** Where the gateway finds catalogs that all sessions know, a file each. */
export const CATALOGS_PATH = "/opt/flink/catalogs";

type Settings = Readonly<Record<string, pulumi.Input<string | number | boolean>>>;

/** Text of `config.yaml`; sorted, so that equal settings are equal texts. JSON's strings are YAML's. */
export function configYaml(settings: Settings): pulumi.Output<string> {
  return pulumi.output(settings).apply((known) =>
    Object.keys(known)
      .sort()
      .map((key) => `${key}: ${JSON.stringify(known[key])}`)
      .join("\n"),
  );
}

/** How Flink's plugin for files and Iceberg's client find the store; keys come from the environment. */
export function storeSettings(store: S3Endpoint): Settings {
  const hadoop = s3aSettings(store);
  const plugin = Object.entries(hadoop).filter(([key]) => key !== "fs.s3a.aws.credentials.provider");
  return {
    ...Object.fromEntries(plugin.map(([key, value]) => [key.replace("fs.s3a.", "s3."), value])),
    // The older client in the plugin else removes the markers of folders above each file, which a store on a file system refuses,
    // and tries again for minutes.
    "s3.directory.marker.retention": "keep",
    ...Object.fromEntries(Object.entries(hadoop).map(([key, value]) => [`flink.hadoop.${key}`, value])),
  };
}

/** What all processes of the cluster share. @param folder Where its state lies, like `s3://flink`. */
export function clusterSettings(args: {
  readonly name: string;
  readonly namespace: pulumi.Input<string>;
  readonly folder: string;
}): Settings {
  return {
    "high-availability.type": "kubernetes",
    "high-availability.storageDir": `${args.folder}/ha`,
    "kubernetes.cluster-id": args.name,
    "kubernetes.namespace": args.namespace,
    // By default half as long, which an API server on a busy node does not keep: all jobs would start anew.
    "high-availability.kubernetes.leader-election.lease-duration": "30 s",
    "high-availability.kubernetes.leader-election.renew-deadline": "25 s",
    "jobmanager.rpc.port": PORTS.rpc,
    "jobmanager.bind-host": "0.0.0.0",
    "blob.server.port": PORTS.blob,
    "rest.port": PORTS.rest,
    "rest.bind-address": "0.0.0.0",
    "taskmanager.rpc.port": PORTS.worker,
    "taskmanager.data.port": PORTS.data,
    "taskmanager.collect-sink.port": PORTS.results,
    "taskmanager.bind-host": "0.0.0.0",
    "metrics.internal.query-service.port": PORTS.metrics,
    "io.tmp.dirs": "/tmp",
    // Programs come as SQL, whose planning is the gateway's; nobody uploads any.
    "web.submit.enable": false,
  };
}

/** How jobs run where they say nothing else. */
export function jobSettings(folder: string, checkpointSeconds: number): Settings {
  return {
    "execution.checkpointing.interval": `${checkpointSeconds} s`,
    "execution.checkpointing.dir": `${folder}/checkpoints`,
    "execution.checkpointing.savepoint-dir": `${folder}/savepoints`,
    "execution.checkpointing.num-retained": 2,
    // A job that ended without a savepoint, for whatever reason, goes on from its last checkpoint.
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    // A store that is full or away for a while must not end jobs that can work without it.
    "execution.checkpointing.tolerable-failed-checkpoints": 1000,
    "execution.checkpointing.min-pause": "1 s",
    "restart-strategy.type": "exponential-delay",
    "restart-strategy.exponential-delay.initial-backoff": "1 s",
    "restart-strategy.exponential-delay.max-backoff": "30 s",
    "state.backend.type": "hashmap",
    "table.local-time-zone": "UTC",
  };
}

/** How Flink divides the memory of a container. By default much of it is for jobs far larger than the container. */
export function memorySettings(role: "jobmanager" | "taskmanager", limit: string, slots: number): Settings {
  const size = `${mebibytes(limit)}m`;
  if (role === "jobmanager") {
    return {
      "jobmanager.memory.process.size": size,
      "jobmanager.memory.off-heap.size": "64m",
      "jobmanager.memory.jvm-metaspace.size": "176m",
      "jobmanager.memory.jvm-overhead.min": "80m",
    };
  }
  return {
    "taskmanager.memory.process.size": size,
    "taskmanager.memory.framework.heap.size": "96m",
    "taskmanager.memory.framework.off-heap.size": "80m",
    "taskmanager.memory.task.off-heap.size": "48m",
    "taskmanager.memory.network.min": "48m",
    "taskmanager.memory.network.max": "48m",
    "taskmanager.memory.managed.size": "48m",
    "taskmanager.memory.jvm-metaspace.size": "208m",
    "taskmanager.memory.jvm-overhead.min": "96m",
    "taskmanager.numberOfTaskSlots": slots,
  };
}

/** A catalog of the lake's tables, as a file of Flink's catalog store. */
export function lakeCatalog({ uri, warehouse }: CatalogEndpoint): pulumi.Output<string> {
  return configYaml({ type: "iceberg", "catalog-type": "hive", uri, warehouse, clients: "2" });
}
