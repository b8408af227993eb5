/** The rooms of the house, in the order of the data path. What each is, it says itself in its `service.ts`. */
import { airflow } from "./airflow/service.ts";
import { auditLog } from "./audit-log/service.ts";
import { authProxy } from "./auth-proxy/service.ts";
import { cassandra } from "./cassandra/service.ts";
import { catalog } from "./catalog/service.ts";
import { census } from "./census/service.ts";
import { connect } from "./connect/service.ts";
import { display } from "./display/service.ts";
import { flink } from "./flink/service.ts";
import { jupyterhub } from "./jupyterhub/service.ts";
import { kafka } from "./kafka/service.ts";
import { logs } from "./logs/service.ts";
import { metrics } from "./metrics/service.ts";
import { nifi } from "./nifi/service.ts";
import { objectStore } from "./object-store/service.ts";
import { portal } from "./portal/service.ts";
import { postgres } from "./postgres/service.ts";
import { presto } from "./presto/service.ts";
import { proof } from "./proof/service.ts";
import { raceCar } from "./race-car/service.ts";
import { raceWindows } from "./race-windows/service.ts";
import { randomNumbers } from "./random-numbers/service.ts";
import { spark } from "./spark/service.ts";
import { sparkConnect } from "./spark-connect/service.ts";
import { sparkHistory } from "./spark-history/service.ts";
import { telemetry } from "./telemetry/service.ts";
import { tools } from "./tools/service.ts";
import { windows } from "./windows/service.ts";
import { zookeeper } from "./zookeeper/service.ts";

export const rooms = {
  kafka,
  objectStore,
  catalog,
  spark,
  presto,
  proof,
  telemetry,
  postgres,
  airflow,
  jupyterhub,
  sparkConnect,
  sparkHistory,
  cassandra,
  randomNumbers,
  census,
  windows,
  raceCar,
  raceWindows,
  flink,
  connect,
  zookeeper,
  nifi,
  display,
  logs,
  metrics,
  auditLog,
  portal,
  authProxy,
  tools,
};
