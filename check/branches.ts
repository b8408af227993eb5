/** Which hops a proof has: the data path, and beside it what stands on it. */
import { PrestoClient, type PrestoOptions } from "../components/presto/programs/presto-client.ts";
import { AirflowClient } from "../components/airflow/hops/airflow-client.ts";
import { CassandraClient } from "../components/cassandra/hops/cassandra-client.ts";
import type { ProofConfig } from "./config.ts";
import { DisplayClient } from "../components/display/hops/display-client.ts";
import type { Branch, Hop, HopContext, Skipped } from "../platform/hops/hop.ts";
import { hopNames } from "./hop-names.ts";
import { airflowHop } from "../components/airflow/hops/airflow.ts";
import { backupHop } from "../components/postgres/hops/backup.ts";
import { cassandraCleanup, cassandraHop } from "../components/cassandra/hops/cassandra.ts";
import { catalogHop } from "../components/catalog/hops/catalog.ts";
import { censusHop } from "../components/census/hops/census.ts";
import { deadLetterHop } from "../components/telemetry/hops/dead-letter.ts";
import { displayHop } from "../components/display/hops/display.ts";
import { kafkaHop } from "../components/kafka/hops/kafka.ts";
import { lakeCleanups, lakeHop } from "../components/windows/hops/lake-windows.ts";
import { lastRunHop } from "../components/airflow/hops/last-run.ts";
import { liveHop } from "../components/display/hops/live.ts";
import { notebooksHop } from "../components/jupyterhub/hops/notebooks.ts";
import { objectStoreHop } from "../components/object-store/hops/object-store.ts";
import { prestoCassandraHop } from "../components/cassandra/hops/presto-cassandra.ts";
import { prestoHop } from "../components/presto/hops/presto.ts";
import { pumpHop } from "../components/random-numbers/hops/pump.ts";
import { sparkHistoryHop } from "../components/spark-history/hops/spark-history.ts";
import { sparkHop } from "../components/spark/hops/spark.ts";
import { telemetryHop } from "../components/telemetry/hops/telemetry.ts";
import { JobHistory } from "../platform/hops/job-history.ts";
import { JupyterHubClient } from "../components/jupyterhub/hops/jupyterhub-client.ts";
import { cleanupMs, proofCapMs, statementMs } from "../platform/hops/limits.ts";
import { LiveClient } from "../components/display/hops/live-client.ts";
import { MarkedNumbers, numbersMetric } from "../components/random-numbers/hops/marked-numbers.ts";
import type { MarkedRun } from "./marked-records.ts";
import { objectStore } from "../components/object-store/hops/store-client.ts";
import { PumpClient } from "../components/random-numbers/hops/pump-client.ts";
import { SamplesFiles } from "../components/catalog/hops/samples-files.ts";

/** The data path first: the others stand on it. */
export function branchesOf(config: ProofConfig, marked: MarkedRun): Branch[] {
  const own = { timeoutMs: proofCapMs, cleanupTimeoutMs: cleanupMs };
  const patient = (hops: readonly Hop[]): Hop[] => hops.map((hop) => withPatience(hop, config.timeoutSeconds));
  const beside = [
    telemetryHops(config, marked),
    airflowHops(config, marked),
    notebooksHops(config, marked),
    pipelineHops(config, marked),
    historyHops(config),
    ...lastRunHops(config).map((hop) => [hop]),
    backupHops(config),
  ];
  const branches = beside.filter((hops) => hops.length > 0).map((hops) => ({ ...own, hops: patient(hops) }));
  const dataPath = dataPathHops(config, marked);
  if (dataPath.length === 0) return branches;
  return [{ ...own, hops: patient(dataPath), carriesOthers: true }, ...branches];
}

/** The hops that these branches do not ask, in the table's order. */
export function skippedHops(config: Pick<ProofConfig, "skipped">, branches: readonly Branch[]): Skipped[] {
  const asked = new Set(branches.flatMap(({ hops }) => hops.map(({ name }) => name)));
  return hopNames
    .filter((hop) => !asked.has(hop))
    .map((hop) => ({ hop, reason: config.skipped[hop] ?? "the proof was not told where to ask it" }));
}

function withPatience(hop: Hop, atLeastSeconds: number | undefined): Hop {
  return { ...hop, timeoutMs: Math.max(hop.timeoutMs, (atLeastSeconds ?? 0) * 1000) };
}

/** The path of a record, in order, as far as there is one. */
function dataPathHops(config: ProofConfig, marked: MarkedRun): Hop[] {
  const { kafka, s3, metastore, stream, namespace } = config;
  const hops: Hop[] = [];
  if (kafka) hops.push(kafkaHop(kafka, marked));
  if (s3) hops.push(objectStoreHop(objectStore(s3), marked));
  if (!kafka || !s3 || !metastore || !stream) return hops;
  const store = objectStore(s3);
  const tablePrefix = [s3.warehouse, `${namespace}.db`, "samples"].filter(Boolean).join("/");
  const files = new SamplesFiles(store, tablePrefix, marked);
  hops.push(sparkHop(files, marked, metastore.uri, { namespace }));
  hops.push(catalogHop({ metastore, namespace }, store, files, marked));
  const catalog = config.presto?.catalog ?? "";
  return [
    ...hops,
    ...asking(config, (presto) => prestoHop(presto, marked, { catalog, schema: namespace })),
    ...asking(config, (presto) => deadLetterHop(presto, marked)),
  ];
}

function prestoClient(
  { namespace }: ProofConfig,
  presto: NonNullable<ProofConfig["presto"]>,
  onProgress?: PrestoOptions["onProgress"],
): PrestoClient {
  return new PrestoClient({
    ...presto,
    schema: namespace,
    standstillMs: statementMs,
    ...(onProgress && { onProgress }),
  });
}

/** Statements of a hop whose way is progress too: of those after them, which ask the same again, only the answers are. */
const countedStatements = 3;

/** A hop that asks by SQL: it goes on while Presto does. */
function asking(config: ProofConfig, make: (presto: PrestoClient) => Hop): Hop[] {
  if (config.presto === undefined) return [];
  let onProgress: HopContext["onProgress"] | undefined;
  const client = prestoClient(config, config.presto, (statement, done) => {
    if (statement <= countedStatements) onProgress?.(`Presto is at statement ${statement}, ${done}`);
  });
  const hop = make(client);
  const run: Hop["run"] = async (context) => {
    onProgress = context.onProgress;
    try {
      return await hop.run(context);
    } finally {
      // What is removed at the end is no progress of the hop.
      onProgress = undefined;
    }
  };
  return [{ ...hop, run }];
}

function telemetryHops(config: ProofConfig, marked: MarkedRun): Hop[] {
  const { telemetry, stream } = config;
  if (!telemetry || !stream) return [];
  return asking(config, (presto) => telemetryHop({ presto, marked, intervalSeconds: telemetry.intervalSeconds }));
}

function airflowHops(config: ProofConfig, marked: MarkedRun): Hop[] {
  const { airflow, s3 } = config;
  if (!airflow?.runs || !s3) return [];
  return asking(config, (presto) =>
    airflowHop({
      airflow: new AirflowClient(airflow),
      config: airflow,
      presto,
      notebooks: objectStore({ ...s3, bucket: airflow.bucket }),
      ...(airflow.logs && {
        logs: { store: objectStore({ ...s3, bucket: airflow.logs.bucket }), prefix: airflow.logs.prefix },
      }),
      marked,
    }),
  );
}

/** DAGs that nobody runs for the proof; each is asked by itself. */
function lastRunHops({ airflow }: ProofConfig): Hop[] {
  if (!airflow) return [];
  const client = new AirflowClient(airflow);
  return Object.entries(airflow.lastRuns).map(([name, dag]) => lastRunHop({ name, airflow: client, dag }));
}

function historyHops(config: ProofConfig): Hop[] {
  const { sparkHistory } = config;
  const run = config.pipeline?.census?.run;
  if (!sparkHistory || run === undefined) return [];
  const table = `${config.presto?.catalog ?? ""}.census.summary`;
  return asking(config, (presto) => sparkHistoryHop({ ...sparkHistory, presto, table, run }));
}

function backupHops({ backup, s3 }: ProofConfig): Hop[] {
  if (!backup || !s3) return [];
  return [backupHop({ ...backup, store: objectStore({ ...s3, bucket: backup.bucket }), jobs: new JobHistory() })];
}

function notebooksHops({ jupyterhub, s3 }: ProofConfig, marked: MarkedRun): Hop[] {
  if (!jupyterhub || !s3) return [];
  const hop = notebooksHop({
    hub: new JupyterHubClient({ ...jupyterhub, note: marked.run }),
    config: jupyterhub,
    home: objectStore({ ...s3, bucket: jupyterhub.home.bucket }),
    marked,
  });
  return [hop];
}

/** The path of a number from a pump to the display, in order, as far as there is one. */
function pipelineHops(config: ProofConfig, marked: MarkedRun): Hop[] {
  const { pump, display: displayUrl, cassandra: cassandraConfig, windowSeconds, census } = config.pipeline ?? {};
  const numbers = new MarkedNumbers(marked);
  const display = displayUrl === undefined ? undefined : new DisplayClient({ url: displayUrl });
  const cassandra = cassandraConfig && new CassandraClient(cassandraConfig);
  const presto = config.presto && prestoClient(config, config.presto);
  const hops: Hop[] = [];
  if (pump) {
    const live =
      displayUrl === undefined
        ? undefined
        : new LiveClient({ url: displayUrl, namespace: "random-numbers", metric: numbersMetric });
    const cleanups = [
      ...(cassandra ? [cassandraCleanup(cassandra, numbers)] : []),
      ...(presto ? lakeCleanups(presto, numbers) : []),
    ];
    hops.push(pumpHop({ pump: new PumpClient(pump), numbers, ...(live && { live }), cleanups }));
    if (live) hops.push(liveHop({ live, numbers }));
    if (windowSeconds !== undefined) {
      if (cassandra) hops.push(cassandraHop({ cassandra, numbers, windowSeconds }));
      const catalog = config.presto?.cassandraCatalog;
      if (cassandra && catalog !== undefined) {
        hops.push(...asking(config, (presto) => prestoCassandraHop({ presto, catalog, numbers })));
      }
      hops.push(...asking(config, (presto) => lakeHop({ presto, numbers, windowSeconds })));
      if (display && config.kafka) hops.push(displayHop({ display, numbers, marked, windowSeconds }));
    }
  }
  if (display && census && config.s3) {
    const inputs = objectStore({ ...config.s3, bucket: census.bucket });
    hops.push(censusHop({ display, inputs, config: census }));
  }
  return hops;
}
