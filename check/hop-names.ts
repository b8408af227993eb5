/** Every hop that a proof can have, in the order of its table. */
export const hopNames = [
  "kafka",
  "object-store",
  "spark",
  "catalog",
  "presto",
  "dead-letter",
  "telemetry",
  "airflow",
  "notebooks",
  "pump",
  "live",
  "cassandra",
  "presto-cassandra",
  "lake",
  "display",
  "census",
  "spark-history",
  "census-dag",
  "maintenance",
  "backup",
] as const;
export type HopName = (typeof hopNames)[number];
