/** Which hops of the proof a config leaves out, and why, in the words of its settings. */
import type { HopName } from "../check/hop-names.ts";
import type { PlatformConfig } from "./index.ts";
import { type OptionalService, servicesOf } from "./profiles.ts";

/** What each hop asks on top of the data path. */
const asks: Readonly<Partial<Record<HopName, readonly OptionalService[]>>> = {
  // The DAG that is run asks Spark.
  airflow: ["airflow", "sparkConnect"],
  notebooks: ["jupyterhub"],
  pump: ["randomNumbers"],
  live: ["randomNumbers", "display"],
  cassandra: ["randomNumbers", "windows", "cassandra"],
  "presto-cassandra": ["randomNumbers", "windows", "cassandra"],
  lake: ["randomNumbers", "windows"],
  display: ["randomNumbers", "windows", "display"],
  census: ["census", "display"],
  "spark-history": ["sparkHistory", "census"],
  "census-dag": ["airflow"],
  // Its task asks Spark's server.
  maintenance: ["airflow", "sparkConnect"],
};

/** The reason for each hop that is left out, by its name. */
export function skippedHops(config: Pick<PlatformConfig, "profile" | "services">): Partial<Record<HopName, string>> {
  const skipped = Object.entries(asks).flatMap(([hop, services]) => {
    const off = services.filter((service) => !config.services[service].enabled);
    return off.length === 0 ? [] : [[hop, off.map((service) => reasonOf(service, config.profile)).join("; ")]];
  });
  const { postgres } = config.services;
  if (!postgres.enabled) skipped.push(["backup", "postgres is off (services.postgres.enabled: false)"]);
  else if (!postgres.backup.enabled) {
    skipped.push(["backup", "nothing is backed up (services.postgres.backup.enabled: false)"]);
  }
  return Object.fromEntries(skipped) as Partial<Record<HopName, string>>;
}

function reasonOf(service: OptionalService, profile: PlatformConfig["profile"]): string {
  if (servicesOf(profile).includes(service)) return `${service} is off (services.${service}.enabled: false)`;
  return `profile ${profile} has no ${service} (services.${service}.enabled: true adds it)`;
}
