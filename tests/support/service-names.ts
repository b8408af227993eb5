/** Names of the Services in a cluster, which people type into `kubectl`. */
export const serviceNames = {
  kafka: "kafka",
  kafkaBrokers: "kafka-brokers",
  objectStore: "object-store",
  metastore: "metastore",
  presto: "presto",
  prestoWorkers: "presto-worker",
  postgres: "postgres",
  airflow: "airflow",
  jupyterhub: "jupyterhub",
  jupyterhubHub: "jupyterhub-hub",
  sparkConnect: "spark-connect",
  sparkHistory: "spark-history",
  cassandra: "cassandra",
  cassandraNodes: "cassandra-nodes",
  randomNumbers: "random-numbers",
  display: "display",
} as const;
