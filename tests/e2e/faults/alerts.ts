/** Each alert is caused: its query is asked of a store of its own that holds what is wrong, and of the same when nothing is. One is caused on the platform. */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";

import { rooms } from "../../../config/rooms.ts";
import { imageReference } from "../../../images/tags.ts";
import type { Alert } from "../../../platform/watching.ts";
import { kube, namespace, pods } from "../platform.ts";
import { document, millrace, must, type Runner, until } from "../runner.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Time between two figures, as the store reads them. */
const STEP_MS = 15 * SECOND;
const HISTORY_MS = 90 * MINUTE;

/** A figure over time: by seconds before now, from far to near. */
interface Series {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly at: (secondsAgo: number) => number;
}

const still = (name: string, value: number, labels: Readonly<Record<string, string>> = {}): Series => ({
  name,
  labels,
  at: () => value,
});
/** @param perSecond What it grows by; its value is `now` at the end. */
const moving = (
  name: string,
  now: number,
  perSecond: number,
  labels: Readonly<Record<string, string>> = {},
): Series => ({
  name,
  labels,
  at: (ago) => now - perSecond * ago,
});
/** Another value for the last minutes. */
const since = (
  name: string,
  before: number,
  now: number,
  seconds: number,
  labels: Readonly<Record<string, string>> = {},
): Series => ({
  name,
  labels,
  at: (ago) => (ago > seconds ? before : now),
});

const claim = { persistentvolumeclaim: "data-kafka-0" };
const GIB = 2 ** 30;
const capacity = still("kubelet_volume_stats_capacity_bytes", 10 * GIB, claim);
const group = { consumergroup: "g", topic: "telemetry", partition: "0" };
const written = "kafka_topic_partition_current_offset";
const topic = { topic: "telemetry", partition: "0" };
/** A time in the past, in seconds since 1970, whenever it is asked. */
const secondsAgo = (name: string, seconds: number, labels: Readonly<Record<string, string>>): Series => {
  return { name, labels, at: () => Date.now() / 1000 - seconds };
};

/** What is wrong, and the same when it is not, by alert. */
export const causes: Readonly<Record<string, { readonly wrong: readonly Series[]; readonly well: readonly Series[] }>> =
  {
    DiskFullIn24Hours: {
      wrong: [capacity, moving("kubelet_volume_stats_available_bytes", 4 * GIB, -100_000, claim)],
      well: [capacity, moving("kubelet_volume_stats_available_bytes", 4 * GIB, -1000, claim)],
    },
    DiskFull: {
      wrong: [capacity, still("kubelet_volume_stats_available_bytes", 0.4 * GIB, claim)],
      well: [capacity, still("kubelet_volume_stats_available_bytes", 0.6 * GIB, claim)],
    },
    CrashLoop: {
      wrong: [moving("millrace_container_restarts_total", 10, 1 / 200, { pod: "p", container: "c" })],
      well: [
        since("millrace_container_restarts_total", 7, 8, 300, { pod: "p", container: "c" }),
        // It is gone.
        {
          name: "millrace_container_restarts_total",
          labels: { pod: "gone" },
          at: (ago) => (ago < 360 ? Number.NaN : 20 - ago / 100),
        },
        // Seen for the first time a minute ago.
        { name: "millrace_container_restarts_total", labels: { pod: "new" }, at: (ago) => (ago > 60 ? Number.NaN : 5) },
      ],
    },
    PodNotReady: {
      wrong: [still("millrace_pod_ready", 0, { pod: "p" })],
      well: [still("millrace_pod_ready", 1, { pod: "p" })],
    },
    ScheduledJobFailed: {
      wrong: [still("millrace_cronjob_last_failed", 1, { cronjob: "postgres-backup" })],
      well: [still("millrace_cronjob_last_failed", 0, { cronjob: "postgres-backup" })],
    },
    ScheduledJobLate: {
      wrong: [
        secondsAgo("millrace_cronjob_last_success_seconds", 27 * 3600, { cronjob: "b" }),
        still("millrace_cronjob_is_daily", 1, { cronjob: "b" }),
      ],
      well: [
        secondsAgo("millrace_cronjob_last_success_seconds", 25 * 3600, { cronjob: "b" }),
        still("millrace_cronjob_is_daily", 1, { cronjob: "b" }),
        secondsAgo("millrace_cronjob_last_success_seconds", 90 * 3600, { cronjob: "weekly" }),
        still("millrace_cronjob_is_daily", 0, { cronjob: "weekly" }),
      ],
    },
    FiguresMissing: { wrong: [still("up", 0, { job: "kafka" })], well: [still("up", 1, { job: "kafka" })] },
    CertificateEnds: {
      wrong: [secondsAgo("millrace_certificate_end_seconds", -13 * 86_400, { address: "a:443" })],
      well: [secondsAgo("millrace_certificate_end_seconds", -15 * 86_400, { address: "a:443" })],
    },
    AuditNotWritten: {
      wrong: [still("audit_late_seconds", 4000)],
      well: [still("audit_late_seconds", 900)],
    },
    AuditSourceSilent: {
      wrong: [still("audit_source_up", 0, { source: "presto" })],
      well: [still("audit_source_up", 1, { source: "presto" })],
    },
    TooManySeries: {
      wrong: [
        moving("vm_hourly_series_limit_rows_dropped_total", 900, 3),
        still("vm_daily_series_limit_rows_dropped_total", 0),
      ],
      well: [
        still("vm_hourly_series_limit_rows_dropped_total", 900),
        still("vm_daily_series_limit_rows_dropped_total", 0),
      ],
    },
    PageHasTooManySeries: {
      wrong: [still("scrape_series_limit_samples_dropped", 12, { job: "weather" })],
      well: [still("scrape_series_limit_samples_dropped", 0, { job: "weather" })],
    },
    ServiceDoesNotAnswer: {
      wrong: [still("millrace_watch_up", 0, { service: "kafka" })],
      well: [still("millrace_watch_up", 1, { service: "kafka" })],
    },
    KafkaLagGrows: {
      wrong: [moving("kafka_consumergroup_lag", 9000, 3, group)],
      well: [
        moving("kafka_consumergroup_lag", 9000, -3, group),
        moving("kafka_consumergroup_lag", 500, 0.1, { ...group, topic: "other" }),
      ],
    },
    StreamStandsStill: {
      wrong: [
        still("kafka_consumergroup_lag", 500, group),
        still("kafka_consumergroup_current_offset", 100, group),
        moving(written, 9000, 2, topic),
      ],
      well: [
        still("kafka_consumergroup_lag", 5, group),
        moving("kafka_consumergroup_current_offset", 8995, 2, group),
        moving(written, 9000, 2, topic),
        // Nothing comes, so there is nothing to read.
        still("kafka_consumergroup_lag", 3, { ...group, topic: "quiet" }),
        still("kafka_consumergroup_current_offset", 7, { ...group, topic: "quiet" }),
        still(written, 10, { ...topic, topic: "quiet" }),
      ],
    },
    KafkaCopiesMissing: {
      wrong: [still("kafka_topic_partition_under_replicated_partition", 1, topic)],
      well: [still("kafka_topic_partition_under_replicated_partition", 0, topic)],
    },
    NoProducer: {
      wrong: [still(written, 9000, topic), still("telemetry_interval_seconds", 2)],
      well: [moving(written, 9000, 2, topic), still("telemetry_interval_seconds", 2)],
    },
    DeadLetters: {
      wrong: [
        moving("stream_refused_records_total", 500, 1 / 10, { topic: "telemetry", consumergroup: "g" }),
        moving(written, 9000, 2, topic),
      ],
      well: [
        // Of proofs, and a few among many.
        moving("stream_refused_records_total", 100, 1 / 100, { topic: "telemetry", consumergroup: "g" }),
        moving(written, 9000, 2, topic),
        moving("stream_refused_records_total", 500, 1 / 10, { topic: "busy", consumergroup: "g" }),
        moving(written, 900_000, 20, { ...topic, topic: "busy" }),
      ],
    },
    ConnectDeadLetters: {
      wrong: [moving(written, 9000, 1, { ...topic, topic: "connect-dead-letter" })],
      well: [
        moving(written, 9000, 1 / 100, { ...topic, topic: "connect-dead-letter" }),
        moving(written, 9000, 2, topic),
      ],
    },
    PostgresConnectionsFull: {
      wrong: [
        still("pg_settings_max_connections", 60),
        ...["a", "b"].map((datname) => still("pg_stat_database_numbackends", 28, { datname })),
      ],
      well: [
        still("pg_settings_max_connections", 60),
        ...["a", "b"].map((datname) => still("pg_stat_database_numbackends", 25, { datname })),
      ],
    },
    PostgresTransactionOld: {
      wrong: [still("pg_longest_transaction_seconds", 4000, { usename: "airflow" })],
      well: [still("pg_longest_transaction_seconds", 3000, { usename: "airflow" })],
    },
    CassandraTasksWait: {
      wrong: [still("cassandra_pool_pending_tasks", 101, { pool: "CompactionExecutor" })],
      well: [
        still("cassandra_pool_pending_tasks", 99, { pool: "CompactionExecutor" }),
        still("cassandra_pool_pending_tasks", 500, { pool: "GossipStage" }),
      ],
    },
    CassandraTombstones: {
      wrong: [still("cassandra_table_tombstones_per_read_p99", 1200, { keyspace: "k", table: "t" })],
      well: [still("cassandra_table_tombstones_per_read_p99", 900, { keyspace: "k", table: "t" })],
    },
    NotebookServersFail: {
      wrong: [moving("jupyterhub_server_spawn_duration_seconds_count", 20, 1 / 200, { status: "failure" })],
      well: [
        moving("jupyterhub_server_spawn_duration_seconds_count", 900, 1 / 10, { status: "success" }),
        still("jupyterhub_server_spawn_duration_seconds_count", 20, { status: "failure" }),
      ],
    },
    PrestoQueriesWait: { wrong: [still("presto_queued_queries", 2)], well: [still("presto_queued_queries", 0)] },
    FlinkJobStopped: {
      wrong: [still("flink_job_running", 0, { flink_job: "j" })],
      well: [still("flink_job_running", 1, { flink_job: "j" })],
    },
    FlinkCheckpointOld: {
      wrong: [secondsAgo("flink_job_last_checkpoint_seconds", 900, { flink_job: "j" })],
      well: [secondsAgo("flink_job_last_checkpoint_seconds", 60, { flink_job: "j" })],
    },
    ConnectorFailed: {
      wrong: [still("connect_failed", 1, { connector: "c" })],
      well: [still("connect_failed", 0, { connector: "c" })],
    },
    NifiQueueFull: {
      wrong: [still("nifi_fullest_queue_percent", 95, { flow: "f" })],
      well: [still("nifi_fullest_queue_percent", 50, { flow: "f" })],
    },
    NifiRejects: { wrong: [since("nifi_rejected_total", 3, 5, 300)], well: [still("nifi_rejected_total", 5)] },
    AirflowPartDown: {
      wrong: [still("airflow_part_healthy", 0, { part: "scheduler" })],
      well: [still("airflow_part_healthy", 1, { part: "scheduler" })],
    },
    ZooKeeperSlow: {
      wrong: [still("zookeeper_outstanding_requests", 200)],
      well: [still("zookeeper_outstanding_requests", 2)],
    },
  };

const alerts: readonly Alert[] = rooms.flatMap(({ watched }) => watched?.alerts ?? []);

export async function alertsCaused(runner: Runner): Promise<void> {
  await runner.step("each alert is there when it is caused, and only then", 5 * MINUTE, async () => {
    const without = alerts.map(({ name }) => name).filter((name) => causes[name] === undefined);
    must(without.length === 0, `nothing causes ${without.join(", ")}`);
    const { url, end: remove } = await ownStore();
    try {
      for (const alert of alerts) {
        const { wrong, well } = causes[alert.name] ?? { wrong: [], well: [] };
        must((await found(url, alert, wrong)) > 0, `${alert.name} does not find what is wrong`);
        must((await found(url, alert, well)) === 0, `${alert.name} finds something where all is well`);
      }
    } finally {
      remove();
    }
    return `${alerts.length} alerts`;
  });
  await runner.step("a container that crashes again and again is told by status", 10 * MINUTE, crashLoop);
}

/** A store of its own, from the platform's image. @returns its URL, and what removes it */
async function ownStore(): Promise<{ readonly url: string; readonly end: () => void }> {
  const docker = (...args: readonly string[]): string => execFileSync("docker", args, { encoding: "utf8" }).trim();
  const args = ["-storageDataPath=/tmp/data", "-search.latencyOffset=0s", "-search.disableCache", "-loggerLevel=ERROR"];
  const image = `localhost:5000/${imageReference("metrics")}`;
  const container = docker("run", "-d", "-p", "127.0.0.1::8428", image, ...args);
  const end = (): void => void docker("rm", "-f", container);
  try {
    const url = `http://${docker("port", container, "8428").split("\n")[0] ?? ""}`;
    await until("a store of its own", MINUTE, async () => ((await fetch(`${url}/health`)).ok ? true : undefined));
    return { url, end };
  } catch (error) {
    end();
    throw error;
  }
}

/** What an alert's query finds in a store that holds these figures only. */
async function found(url: string, { name, expr }: Alert, series: readonly Series[]): Promise<number> {
  const now = Date.now();
  const times = Array.from({ length: HISTORY_MS / STEP_MS }, (_, index) => now - HISTORY_MS + (index + 1) * STEP_MS);
  const lines = series.map(({ name: metric, labels, at }) => {
    const all = times.map((time) => ({ time, value: at((now - time) / 1000) }));
    const known = all.filter(({ value }) => !Number.isNaN(value));
    return JSON.stringify({
      metric: { __name__: metric, ...labels },
      values: known.map(({ value }) => value),
      timestamps: known.map(({ time }) => time),
    });
  });
  const post = async (path: string, body = ""): Promise<string> => {
    const answer = await fetch(`${url}${path}`, { method: "POST", body });
    const text = await answer.text();
    must(answer.ok, `${name}: the store answers ${answer.status}: ${text}`);
    return text;
  };
  await post("/api/v1/import", lines.join("\n"));
  await post("/internal/force_flush");
  const query = new URLSearchParams({ query: expr, time: String(now / 1000) });
  const { data } = JSON.parse(await post(`/api/v1/query?${query.toString()}`)) as {
    readonly data: { readonly result: readonly unknown[] };
  };
  await post(`/api/v1/admin/tsdb/delete_series?match[]=${encodeURIComponent('{__name__!=""}')}`);
  return data.result.length;
}

async function crashLoop(): Promise<string> {
  const name = `e2e-crash-${randomUUID().slice(0, 8)}`;
  const [like] = await pods("logs-collector");
  const image = (like as unknown as { spec: { containers: { image: string }[] } }).spec.containers[0]?.image;
  const path = `/api/v1/namespaces/${namespace}/pods`;
  await kube().post(path, {
    metadata: { name, labels: { "app.kubernetes.io/name": name } },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "crash",
          image,
          command: ["node", "-e", "process.exit(3)"],
          resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { cpu: "500m", memory: "128Mi" } },
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            readOnlyRootFilesystem: true,
          },
        },
      ],
    },
  });
  const began = Date.now();
  try {
    const told = await until("the alert in status", 8 * MINUTE, async () => {
      const { alerts: holding } = document(await millrace(["status", "--json"], 50_000)) as {
        readonly alerts: readonly { readonly name: string; readonly summary: string }[] | null;
      };
      return holding?.find((alert) => alert.name === "CrashLoop" && alert.summary.includes(name));
    });
    return `after ${Math.round((Date.now() - began) / 1000)} s: ${told.summary}`;
  } finally {
    await kube().delete(`${path}/${name}`, { gracePeriodSeconds: 0 });
  }
}
