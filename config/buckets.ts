/** What the object store holds, and who may do what with it: buckets and keys by the services that are enabled. */
import type { BucketRight } from "../components/object-store/object-store-server.ts";
import { escapedUser, ROBOT } from "../platform/names.ts";
import type { PlatformConfig, S3Owner } from "./schema.ts";

/** Those who read or write S3, each with a key of its own. */
export type S3Consumer =
  | "metastore"
  | "spark"
  | "presto"
  | "proof"
  | "postgres-backup"
  | "airflow"
  | "dag-telemetry-report"
  | "dag-census-batch"
  | "dag-bucket"
  | "notebooks"
  | "spark-history"
  | "census-file"
  | "census"
  | `user-${string}`;

/** Where a user's own notebooks lie. */
export interface Home {
  readonly consumer: S3Consumer;
  readonly bucket: string;
  /** Ends in a slash; empty where the bucket is the user's own. */
  readonly prefix: string;
}

/** By bucket. */
type Rights = Readonly<Record<string, BucketRight>>;

export interface ObjectStoreContents {
  readonly buckets: Buckets;
  /** Buckets that enabled services use. */
  readonly used: readonly string[];
  /** Rights by consumer, of enabled services only. */
  readonly keys: Readonly<Record<S3Consumer, Rights>>;
  /** Secret of each of these consumers in an existing S3 service; empty texts where the platform makes the keys. */
  readonly secretNames: Readonly<Record<S3Consumer, string>>;
  /** By user, the proof's account included; empty without JupyterHub. */
  readonly homes: Readonly<Record<string, Home>>;
}

const ownBuckets = {
  lake: "lake",
  checkpoints: "checkpoints",
  backups: "backups",
  airflow: "airflow",
  dags: "dags",
  notebooks: "notebooks",
  sparkEvents: "spark-events",
  inputs: "inputs",
} as const;
/** Names of the buckets that several share, by what they are for. */
export type Buckets = Readonly<Record<keyof typeof ownBuckets, string>>;

/** Buckets, keys and homes of a config. */
export function objectStoreContents({ services }: PlatformConfig): ObjectStoreContents {
  const { objectStore, postgres, airflow, jupyterhub, sparkHistory, spark, census } = services;
  const { existing } = objectStore;
  const buckets: Buckets = existing?.buckets ?? ownBuckets;
  const withNotebooks = airflow.enabled || jupyterhub.enabled;
  const withDags = airflow.enabled && airflow.dagBucket;
  const users = jupyterhub.enabled ? [...jupyterhub.users, ROBOT] : [];
  const homes = Object.fromEntries(
    users.map((user): [string, Home] => [
      user,
      existing === undefined
        ? { consumer: userConsumer(user), bucket: `home-${escapedUser(user)}`, prefix: "" }
        : { consumer: userConsumer(user), bucket: existing.buckets.homes, prefix: `${escapedUser(user)}/` },
    ]),
  );

  const events = rights(sparkHistory.enabled && [buckets.sparkEvents, "readWrite"]);
  const robotHome = homes[ROBOT];
  const keys: Partial<Record<S3Consumer, Rights>> = {
    metastore: { [buckets.lake]: "readWrite" },
    spark: { [buckets.lake]: "readWrite", [buckets.checkpoints]: "readWrite", ...events },
    presto: { [buckets.lake]: "readWrite" },
    proof: {
      [buckets.lake]: "readWrite",
      ...rights(
        airflow.enabled && [buckets.notebooks, "readWrite"],
        // It removes the logs of its own runs.
        airflow.enabled && [buckets.airflow, "readWrite"],
        robotHome !== undefined && [robotHome.bucket, "readWrite"],
        census.enabled && [buckets.inputs, "read"],
        postgres.enabled && postgres.backup.enabled && [buckets.backups, "read"],
      ),
    },
  };
  if (postgres.enabled && postgres.backup.enabled) keys["postgres-backup"] = { [buckets.backups]: "readWrite" };
  if (airflow.enabled) {
    keys.airflow = { [buckets.airflow]: "readWrite", ...rights(withDags && [buckets.dags, "read"]) };
    keys["dag-telemetry-report"] = { [buckets.notebooks]: "readWrite", [buckets.lake]: "read" };
    // What people may do themselves, their DAGs may do.
    if (withDags) keys["dag-bucket"] = { [buckets.notebooks]: "readWrite", [buckets.lake]: "read" };
    if (spark.enabled) keys["dag-census-batch"] = { [buckets.lake]: "readWrite", ...events };
  }
  if (withNotebooks) keys.notebooks = { [buckets.notebooks]: "readWrite" };
  if (sparkHistory.enabled) keys["spark-history"] = { ...events };
  if (census.enabled) {
    keys["census-file"] = { [buckets.inputs]: "readWrite" };
    keys.census = { [buckets.inputs]: "read", [buckets.lake]: "readWrite", ...events };
  }
  for (const [user, { consumer, bucket }] of Object.entries(homes)) {
    // The proof's account publishes nothing.
    const shared: BucketRight = user === ROBOT ? "read" : "readWrite";
    keys[consumer] = {
      [bucket]: "readWrite",
      [buckets.notebooks]: shared,
      [buckets.lake]: "read",
      ...rights(withDags && user !== ROBOT && [buckets.dags, "readWrite"]),
    };
  }
  const used = new Set([
    buckets.lake,
    buckets.checkpoints,
    ...Object.values(keys).flatMap((key) => Object.keys(key ?? {})),
  ]);
  const consumers = Object.keys(keys) as S3Consumer[];
  const secretNames = consumers.map((consumer) => [consumer, existing?.secretNames[s3Owner(consumer)] ?? ""]);
  return {
    buckets,
    used: [...used],
    keys: keys as Record<S3Consumer, Rights>,
    secretNames: Object.fromEntries(secretNames) as Record<S3Consumer, string>,
    homes,
  };
}

function userConsumer(user: string): S3Consumer {
  return `user-${escapedUser(user)}`;
}

function rights(...granted: readonly (false | readonly [bucket: string, right: BucketRight])[]): Rights {
  return Object.fromEntries(granted.filter((grant) => grant !== false));
}

const owners: Readonly<Record<Exclude<S3Consumer, `user-${string}`>, S3Owner>> = {
  metastore: "metastore",
  spark: "spark",
  presto: "presto",
  proof: "proof",
  "postgres-backup": "postgresBackup",
  airflow: "airflow",
  "dag-telemetry-report": "dagTelemetryReport",
  "dag-census-batch": "dagCensusBatch",
  "dag-bucket": "dagBucket",
  notebooks: "notebooks",
  "spark-history": "sparkHistory",
  "census-file": "censusFile",
  census: "census",
};

/** In whose name an existing S3 service knows a consumer. */
export function s3Owner(consumer: S3Consumer): S3Owner {
  return consumer in owners ? owners[consumer as keyof typeof owners] : "users";
}
