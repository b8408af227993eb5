/**
 * The proof: sends marked records into the platform and asks each hop for exactly them.
 *
 * Settings in `PROOF_CONFIG` (see config.ts), keys and passwords in variables of their own; `PROOF_TIMEOUT_SECONDS`
 * overrides the time limit. Prints JSON lines on stdout, lines for people on stderr.
 * SIGTERM ends it early, with its clean-up and its verdict. Exit code 0: all hops hold what they must; 1: one does not, and is named; 2: the settings are wrong.
 */
import { AirflowClient } from "./airflow-client.ts";
import { readConfig } from "./config.ts";
import type { ProofConfig } from "./config.ts";
import type { Branch, Hop } from "./hop.ts";
import { airflowHop } from "./hops/airflow.ts";
import { catalogHop } from "./hops/catalog.ts";
import { deadLetterHop } from "./hops/dead-letter.ts";
import { kafkaHop } from "./hops/kafka.ts";
import { notebooksHop } from "./hops/notebooks.ts";
import { objectStoreHop } from "./hops/object-store.ts";
import { prestoHop } from "./hops/presto.ts";
import { sparkHop } from "./hops/spark.ts";
import { JupyterHubClient } from "./jupyterhub-client.ts";
import { makeMarkedRun } from "./marked-records.ts";
import type { MarkedRun } from "./marked-records.ts";
import { objectStore } from "./object-store.ts";
import { PrestoClient } from "../workloads/presto-client.ts";
import { hopJson, hopLine, proofJson, proofLines } from "./report.ts";
import { runBranches } from "./runner.ts";
import { SamplesFiles } from "./samples-files.ts";

const forPrograms = (line: string): void => void process.stdout.write(`${line}\n`);
const forPeople = (line: string): void => void process.stderr.write(`${line}\n`);

/** Time for the clean-up where a server or a task may have to end, or what others do at the same time slows it down. */
const cleanupTimeoutMs = 60_000;

/** The data path, and beside it what people work with, which stands on it. */
function branchesOf(config: ProofConfig, marked: MarkedRun): Branch[] {
  const { airflow, jupyterhub, s3, presto } = config;
  const timeoutMs = config.timeoutSeconds * 1000;
  const isAlone = airflow === undefined && jupyterhub === undefined;
  const dataPath = { hops: dataPathHops(config, marked), timeoutMs, carriesOthers: true };
  const branches: Branch[] = [isAlone ? dataPath : { ...dataPath, cleanupTimeoutMs }];
  if (airflow !== undefined) {
    const hop = airflowHop({
      airflow: new AirflowClient(airflow),
      config: airflow,
      presto: new PrestoClient({ ...presto, schema: config.namespace, statementTimeoutMs: 30_000 }),
      notebooks: objectStore({ ...s3, bucket: airflow.bucket }),
      ...(airflow.logs && {
        logs: { store: objectStore({ ...s3, bucket: airflow.logs.bucket }), prefix: airflow.logs.prefix },
      }),
      marked,
    });
    branches.push({ hops: [hop], timeoutMs, cleanupTimeoutMs });
  }
  if (jupyterhub !== undefined) {
    const hop = notebooksHop({
      hub: new JupyterHubClient({ ...jupyterhub, note: marked.run }),
      config: jupyterhub,
      home: objectStore({ ...s3, bucket: jupyterhub.home.bucket }),
      marked,
    });
    branches.push({ hops: [hop], timeoutMs, cleanupTimeoutMs });
  }
  return branches;
}

/** The path of a record, in order. */
function dataPathHops(config: ProofConfig, marked: MarkedRun): Hop[] {
  const store = objectStore(config.s3);
  const tablePrefix = [config.s3.warehouse, `${config.namespace}.db`, "samples"].filter(Boolean).join("/");
  const files = new SamplesFiles(store, tablePrefix, marked);
  const presto = new PrestoClient({ ...config.presto, schema: config.namespace });
  return [
    kafkaHop(config.kafka, marked),
    objectStoreHop(store, marked),
    sparkHop(files, marked, config.metastore.uri),
    catalogHop(config, store, files, marked),
    prestoHop(presto, marked),
    deadLetterHop(presto, marked),
  ];
}

function configOrExit(): ProofConfig {
  try {
    return readConfig(process.env);
  } catch (error) {
    forPeople(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}

const config = configOrExit();
const marked = makeMarkedRun(config);
forPeople(`proof ${marked.run}: ${marked.records.length} records and ${marked.poison.length} poison ones`);
const stop = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.once(name, () => {
    stop.abort();
  });
}
const result = await runBranches(branchesOf(config, marked), {
  signal: stop.signal,
  onResult: (hop) => {
    forPrograms(hopJson(hop));
    forPeople(hopLine(hop));
  },
  onProgress: (hop, words) => {
    forPeople(`${hop}: ${words}`);
  },
});
forPrograms(proofJson(marked.run, result));
proofLines(marked.run, result).forEach(forPeople);
process.exit(result.ok ? 0 : 1);
