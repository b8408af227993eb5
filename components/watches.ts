/** The rooms whose figures the exporter asks for, since no page of theirs has them. */
import type { AnyRoomWatch } from "../platform/watching.ts";
import { airflowWatch } from "./airflow/watch.ts";
import { cassandraWatch } from "./cassandra/watch.ts";
import { connectWatch } from "./connect/watch.ts";
import { flinkWatch } from "./flink/watch.ts";
import { jupyterhubWatch } from "./jupyterhub/watch.ts";
import { kafkaWatch } from "./kafka/watch.ts";
import { nifiWatch } from "./nifi/watch.ts";
import { objectStoreWatch } from "./object-store/watch.ts";
import { postgresWatch } from "./postgres/watch.ts";
import { prestoWatch } from "./presto/watch.ts";
import { telemetryWatch } from "./telemetry/watch.ts";
import { zookeeperWatch } from "./zookeeper/watch.ts";

export const roomWatches: readonly AnyRoomWatch[] = [
  kafkaWatch,
  telemetryWatch,
  prestoWatch,
  postgresWatch,
  objectStoreWatch,
  jupyterhubWatch,
  airflowWatch,
  cassandraWatch,
  flinkWatch,
  connectWatch,
  zookeeperWatch,
  nifiWatch,
];
