/** Which hops a proof has: the data path, and beside it what stands on it. */
import { PrestoClient } from "../workloads/presto-client.ts";
import { AirflowClient } from "./airflow-client.ts";
import { CassandraClient } from "./cassandra-client.ts";
import type { ProofConfig } from "./config.ts";
import { DisplayClient } from "./display-client.ts";
import type { Branch, Hop } from "./hop.ts";
import { airflowHop } from "./hops/airflow.ts";
import { cassandraCleanup, cassandraHop } from "./hops/cassandra.ts";
import { catalogHop } from "./hops/catalog.ts";
import { censusHop } from "./hops/census.ts";
import { deadLetterHop } from "./hops/dead-letter.ts";
import { displayHop } from "./hops/display.ts";
import { kafkaHop } from "./hops/kafka.ts";
import { lakeCleanups, lakeHop } from "./hops/lake-windows.ts";
import { liveHop } from "./hops/live.ts";
import { notebooksHop } from "./hops/notebooks.ts";
import { objectStoreHop } from "./hops/object-store.ts";
import { prestoHop } from "./hops/presto.ts";
import { pumpHop } from "./hops/pump.ts";
import { sparkHop } from "./hops/spark.ts";
import { JupyterHubClient } from "./jupyterhub-client.ts";
import { LiveClient } from "./live-client.ts";
import { MarkedNumbers, numbersMetric } from "./marked-numbers.ts";
import type { MarkedRun } from "./marked-records.ts";
import { objectStore } from "./object-store.ts";
import { PumpClient } from "./pump-client.ts";
import { SamplesFiles } from "./samples-files.ts";

/** Time for the clean-up where a server or a task may have to end, or what others do at the same time slows it down. */
const cleanupTimeoutMs = 60_000;

/** Time of one statement where other hops ask at the same time, in ms. */
const statementTimeoutMs = 30_000;

/** The data path first: the others stand on it. */
export function branchesOf(config: ProofConfig, marked: MarkedRun): Branch[] {
  const timeoutMs = config.timeoutSeconds * 1000;
  const beside = [airflowHops(config, marked), notebooksHops(config, marked), pipelineHops(config, marked)]
    .filter((hops) => hops.length > 0)
    .map((hops) => ({ hops, timeoutMs, cleanupTimeoutMs }));
  const dataPath = { hops: dataPathHops(config, marked), timeoutMs, carriesOthers: true };
  return [beside.length === 0 ? dataPath : { ...dataPath, cleanupTimeoutMs }, ...beside];
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

function airflowHops({ airflow, s3, presto, namespace }: ProofConfig, marked: MarkedRun): Hop[] {
  if (airflow === undefined) return [];
  const hop = airflowHop({
    airflow: new AirflowClient(airflow),
    config: airflow,
    presto: new PrestoClient({ ...presto, schema: namespace, statementTimeoutMs }),
    notebooks: objectStore({ ...s3, bucket: airflow.bucket }),
    ...(airflow.logs && {
      logs: { store: objectStore({ ...s3, bucket: airflow.logs.bucket }), prefix: airflow.logs.prefix },
    }),
    marked,
  });
  return [hop];
}

function notebooksHops({ jupyterhub, s3 }: ProofConfig, marked: MarkedRun): Hop[] {
  if (jupyterhub === undefined) return [];
  const hop = notebooksHop({
    hub: new JupyterHubClient({ ...jupyterhub, note: marked.run }),
    config: jupyterhub,
    home: objectStore({ ...s3, bucket: jupyterhub.home.bucket }),
    marked,
  });
  return [hop];
}

/** The path of a number from a pump to the display, in order. */
function pipelineHops({ pipeline, s3, presto: prestoConfig, namespace }: ProofConfig, marked: MarkedRun): Hop[] {
  if (pipeline === undefined) return [];
  const { windowSeconds, census } = pipeline;
  const numbers = new MarkedNumbers(marked);
  const live = new LiveClient({ url: pipeline.display, namespace: "random-numbers", metric: numbersMetric });
  const cassandra = new CassandraClient({ ...pipeline.cassandra, password: pipeline.cassandraPassword });
  const presto = new PrestoClient({ ...prestoConfig, schema: namespace, statementTimeoutMs });
  const display = new DisplayClient({ url: pipeline.display });
  return [
    pumpHop({
      pump: new PumpClient({ url: pipeline.pump, token: pipeline.pumpToken }),
      numbers,
      live,
      cleanups: [cassandraCleanup(cassandra, numbers), ...lakeCleanups(presto, numbers)],
    }),
    liveHop({ live, numbers }),
    cassandraHop({ cassandra, numbers, windowSeconds }),
    lakeHop({ presto, numbers, windowSeconds }),
    displayHop({ display, numbers, marked, windowSeconds }),
    ...(census === undefined
      ? []
      : [censusHop({ display, inputs: objectStore({ ...s3, bucket: census.bucket }), config: census })]),
  ];
}
