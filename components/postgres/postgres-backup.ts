/** Backups of PostgreSQL to S3 on a schedule, and the template of a restore. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { EPHEMERAL_DATA_SIZE } from "../../platform/confinement.ts";
import { cronProblem } from "../../platform/cron.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import type { BackupPlace } from "./endpoint.ts";
import { refusedMs } from "../../platform/hops/limits.ts";
import { labels } from "../../platform/names.ts";
import type { Destination } from "../../platform/network.ts";
import { s3Env } from "../object-store/s3-settings.ts";
import {
  connects,
  type EnvVar,
  DATA_JOB_SECONDS,
  jobSpec,
  type PodArgs,
  type Resources,
  type Volume,
  type VolumeMount,
} from "../../platform/workload.ts";

/** Where the two containers of a pod hand the dumps over. */
const DUMPS_PATH = "/dumps";
/** Begin of the keys of all backups in the bucket. */
const PREFIX = "postgres/";
const BACKUP_RETRIES = 2;

export interface PostgresBackup {
  /** The object store, with the backup's own key. */
  readonly objectStore: S3Endpoint;
  readonly bucket: string;
  /** The platform's tools image, which speaks S3. */
  readonly toolsImage: pulumi.Input<string>;
  /** When, in cron's five fields and the cluster's time zone: `17 3 * * *`. */
  readonly schedule: string;
  /** Number of backups that are kept, the newest. */
  readonly keep: number;
  /** Databases that a restore leaves alone unless it is told their names. @default - none */
  readonly restoreOnlyByName?: readonly string[];
  readonly resources: Resources;
}

export function backupPlace(
  cronJob: string,
  { bucket, schedule }: Pick<PostgresBackup, "bucket" | "schedule">,
): BackupPlace {
  return { bucket, prefix: PREFIX, cronJob, schedule };
}

/** What both pods need to reach the server with PostgreSQL's own programs. */
export interface DatabaseClient {
  /** Where connections to the server go. */
  readonly at: Destination;
  readonly image: pulumi.Input<string>;
  readonly uid: number;
  /** Address and account of the superuser. */
  readonly env: readonly EnvVar[];
  /** Command that runs a script of the platform by its file name. */
  readonly command: (script: string) => readonly string[];
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
  /** Text of all scripts. */
  readonly config: string;
}

/** What is wrong with the schedule and the number kept; empty when nothing is. */
export function backupProblems(backup: Pick<PostgresBackup, "schedule" | "keep">): string[] {
  const problems: string[] = [];
  const cron = cronProblem(backup.schedule);
  if (cron !== undefined) problems.push(`postgres: backup.schedule ${cron}`);
  if (!Number.isInteger(backup.keep) || backup.keep < 1) {
    problems.push(`postgres: backup.keep is ${backup.keep}; give a whole number from 1`);
  }
  return problems;
}

/** A CronJob that dumps each database and stores the dumps. */
export function createBackup(
  backup: PostgresBackup,
  client: DatabaseClient,
  args: {
    readonly name: string;
    readonly namespace: pulumi.Input<string>;
    readonly databases: readonly string[];
  },
  opts: pulumi.CustomResourceOptions,
): k8s.batch.v1.CronJob {
  connects(opts.parent, pod());
  return new k8s.batch.v1.CronJob(
    args.name,
    {
      metadata: { name: args.name, namespace: args.namespace, labels: labels(args.name, "store") },
      spec: {
        schedule: backup.schedule,
        concurrencyPolicy: "Forbid",
        // A cluster that was off at the time makes up for it when it comes back on the same day.
        startingDeadlineSeconds: 12 * 3600,
        successfulJobsHistoryLimit: 1,
        // The proof is red at the second one in a row.
        failedJobsHistoryLimit: 2,
        jobTemplate: {
          metadata: { labels: labels(args.name, "store") },
          spec: jobSpec({ deadlineSeconds: DATA_JOB_SECONDS, retries: BACKUP_RETRIES, pod: pod() }),
        },
      },
    },
    opts,
  );

  function pod(): PodArgs {
    return {
      ...shared(args.name, backup, client),
      component: "store",
      initContainers: [
        {
          name: "dump",
          ...databaseContainer(backup, client, "dump.sh", [{ name: "DATABASES", value: args.databases.join(" ") }]),
        },
      ],
      ...storeContainer(backup, "store", [{ name: "KEEP", value: String(backup.keep) }]),
    };
  }
}

/** A suspended CronJob whose template restores the backup that its environment names. */
export function createRestore(
  backup: PostgresBackup,
  client: DatabaseClient,
  args: { readonly name: string; readonly namespace: pulumi.Input<string> },
  opts: pulumi.CustomResourceOptions,
): k8s.batch.v1.CronJob {
  connects(opts.parent, pod());
  return new k8s.batch.v1.CronJob(
    args.name,
    {
      metadata: { name: args.name, namespace: args.namespace, labels: labels(args.name, "restore") },
      spec: {
        suspend: true,
        // Never due: the CronJob only holds the template of a restore on demand.
        schedule: "0 0 1 1 *",
        jobTemplate: {
          metadata: { labels: labels(args.name, "restore") },
          spec: jobSpec({ deadlineSeconds: DATA_JOB_SECONDS, retries: 0, pod: pod() }),
        },
      },
    },
    opts,
  );

  function pod(): PodArgs {
    const choice = [
      { name: "BACKUP", value: "latest" },
      { name: "DATABASES", value: "" },
      { name: "ONLY_BY_NAME", value: (backup.restoreOnlyByName ?? []).join(" ") },
    ];
    return {
      ...shared(args.name, backup, client),
      component: "restore",
      initContainers: [{ name: "fetch", ...storeContainer(backup, "fetch", choice) }],
      ...databaseContainer(backup, client, "restore.sh", []),
    };
  }
}

/** The parts of a pod around its two containers: PostgreSQL's programs in one, S3 in the other. */
function shared(
  service: string,
  { objectStore }: PostgresBackup,
  { at, uid, volumes, config }: DatabaseClient,
): Pick<PodArgs, "service" | "reaches" | "uid" | "volumes" | "scratch" | "scratchSize" | "config"> {
  const scratch = { scratch: ["/tmp", DUMPS_PATH], scratchSize: EPHEMERAL_DATA_SIZE };
  return { service, reaches: [at, objectStore.at], uid, volumes, ...scratch, config };
}

/** The half that holds the superuser's password and no key of the object store. */
function databaseContainer(
  backup: PostgresBackup,
  client: DatabaseClient,
  script: string,
  env: readonly EnvVar[],
): Pick<PodArgs, "image" | "env" | "resources" | "mounts"> & { readonly command: readonly string[] } {
  return {
    image: client.image,
    command: client.command(script),
    env: [
      ...client.env,
      { name: "TIMEOUT_SECONDS", value: String(refusedMs / 1000) },
      { name: "DUMPS_DIR", value: DUMPS_PATH },
      ...env,
    ],
    resources: backup.resources,
    mounts: client.mounts,
  };
}

/** The half that holds a key of the object store and no password. */
function storeContainer(
  backup: PostgresBackup,
  action: "store" | "fetch",
  env: readonly EnvVar[],
): Pick<PodArgs, "image" | "env" | "resources"> & { readonly command: readonly string[] } {
  const { objectStore } = backup;
  return {
    image: backup.toolsImage,
    command: ["node", "/opt/millrace/components/postgres/programs/postgres-backup.ts", action],
    env: [
      ...s3Env(objectStore),
      { name: "BUCKET", value: backup.bucket },
      { name: "PREFIX", value: PREFIX },
      { name: "DUMPS_DIR", value: DUMPS_PATH },
      ...env,
    ],
    resources: backup.resources,
  };
}
