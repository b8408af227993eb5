import type { Profile } from "../../config/profiles.ts";

/** The way of the proof's records, which every profile has. */
export const dataPath: readonly string[] = ["kafka", "object-store", "spark", "catalog", "presto", "dead-letter"];

/** What every profile but core has to see by. */
const watching: readonly string[] = ["logs", "metrics", "audit", "portal"];

/** Hops that the proof of each profile has from its first run on, in their order. A spec and the end-to-end test ask for them. */
export const hopsOfProfile: Readonly<Record<Profile, readonly string[]>> = {
  core: [...dataPath, "telemetry"],
  studio: [...dataPath, "telemetry", "airflow", "notebooks", ...watching],
  pipeline: [
    ...dataPath,
    "telemetry",
    "pump",
    "live",
    "cassandra",
    "presto-cassandra",
    "lake",
    "display",
    "census",
    ...watching,
  ],
  streams: [...dataPath, "telemetry", "race", "race-spark", "race-flink", "connect", "zookeeper", "nifi", ...watching],
  full: [
    ...dataPath,
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
    ...watching,
    "spark-history",
  ],
};
/** Hops on what happens without the proof: a young platform has none of it yet. */
export const inTime: readonly string[] = ["census-dag", "maintenance", "backup"];
/** Hop where published pages are behind a login. */
export const LOGINS = "logins";
