/** The rooms that the proof asks, in the order of its table as far as their hops leave it open. */
import type { AnyRoomHops } from "../platform/hops/define-hops.ts";
import { airflowHops } from "./airflow/hops.ts";
import { auditLogHops } from "./audit-log/hops.ts";
import { authProxyHops } from "./auth-proxy/hops.ts";
import { cassandraHops } from "./cassandra/hops.ts";
import { catalogHops } from "./catalog/hops.ts";
import { censusHops } from "./census/hops.ts";
import { connectHops } from "./connect/hops.ts";
import { displayHops } from "./display/hops.ts";
import { flinkHops } from "./flink/hops.ts";
import { jupyterhubHops } from "./jupyterhub/hops.ts";
import { kafkaHops } from "./kafka/hops.ts";
import { logsHops } from "./logs/hops.ts";
import { metricsHops } from "./metrics/hops.ts";
import { nifiHops } from "./nifi/hops.ts";
import { objectStoreHops } from "./object-store/hops.ts";
import { portalHops } from "./portal/hops.ts";
import { postgresHops } from "./postgres/hops.ts";
import { prestoHops } from "./presto/hops.ts";
import { raceCarHops } from "./race-car/hops.ts";
import { raceWindowsHops } from "./race-windows/hops.ts";
import { randomNumbersHops } from "./random-numbers/hops.ts";
import { sparkHistoryHops } from "./spark-history/hops.ts";
import { sparkHops } from "./spark/hops.ts";
import { telemetryHops } from "./telemetry/hops.ts";
import { windowsHops } from "./windows/hops.ts";
import { zookeeperHops } from "./zookeeper/hops.ts";

export const roomHops: readonly AnyRoomHops[] = [
  kafkaHops,
  objectStoreHops,
  sparkHops,
  catalogHops,
  prestoHops,
  telemetryHops,
  sparkHistoryHops,
  airflowHops,
  jupyterhubHops,
  randomNumbersHops,
  raceCarHops,
  displayHops,
  cassandraHops,
  windowsHops,
  raceWindowsHops,
  flinkHops,
  censusHops,
  postgresHops,
  connectHops,
  zookeeperHops,
  nifiHops,
  logsHops,
  metricsHops,
  auditLogHops,
  portalHops,
  authProxyHops,
];
