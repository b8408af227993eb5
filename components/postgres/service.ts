/** PostgreSQL, as plain data. */
import * as z from "zod";
import { cronProblem } from "../../platform/cron.ts";
import { resources, type Resources } from "../../platform/resources.ts";
import { defineService, type RightsByConsumer } from "../../platform/service.ts";
import { enabled, image, memory, storage, text } from "../../platform/settings.ts";

/** The PostgreSQL server. @param settings.memory Limit of the container. */
export function postgresResources(settings: { readonly memory: string }): Resources {
  return resources(50, 1000, settings.memory, 0.4);
}

/** What a backup or a restore of PostgreSQL asks for. */
export function postgresBackupResources(): Resources {
  return resources(20, 1000, "256Mi", 0.25);
}

export const postgres = defineService({
  name: "postgres",
  onDemand: true,
  settings: z
    .strictObject({
      enabled: z
        .boolean()
        .optional()
        .describe(
          "Whether a PostgreSQL server is part of the platform. Default: `true` where the catalog, Airflow or JupyterHub is.",
        ),
      storage: storage("2Gi"),
      memory: memory("320Mi", "128Mi"),
      backup: z
        .strictObject({
          enabled: enabled("all databases are saved to S3 on a schedule"),
          schedule: text()
            .default("17 3 * * *")
            .meta({ "x-range": 'a cron schedule of five fields, for example "17 3 * * *"' })
            .describe("When, in the cluster's time zone."),
          keep: z.int().min(1).max(1000).default(7).describe("Number of backups that are kept."),
        })
        .prefault({})
        .describe("The backup of all databases."),
      image: image().describe("Image with the contract of `postgres:15`. Default: built from packages."),
    })
    .prefault({})
    .describe("PostgreSQL: what the catalog, Airflow and JupyterHub know."),
  image: { name: "postgres" },
  pods: ({ own }) => [{ resources: postgresResources(own), data: own.storage }],
  problems({ own, isOn }) {
    if (!own.backup.enabled) return [];
    const at = "millrace:services.postgres.backup";
    const problems: string[] = [];
    if (!isOn("objectStore")) {
      problems.push(`${at}: is enabled and needs objectStore, which is not; enable it, or set ${at}.enabled to false`);
    }
    const cron = cronProblem(own.backup.schedule);
    if (cron !== undefined) problems.push(`${at}.schedule: ${cron}`);
    return problems;
  },
  warnings: ({ own, hasClaims }) =>
    !hasClaims || own.storage.kind === "ephemeral"
      ? [
          "millrace:services.postgres: ephemeral storage forgets all tables, Airflow's runs and JupyterHub's users at every restart",
        ]
      : [],
  claims: { set: "postgres" },
  backups: {
    title: "PostgreSQL",
    set: "postgres",
    save: "postgres-backup",
    restore: "postgres-restore",
    setting: "postgres.backup.enabled",
  },
  store: {
    buckets: { backups: { name: "backups", holds: "PostgreSQL's backups" } },
    consumers: { "postgres-backup": "PostgreSQL's backup" },
    rights: ({ own }, { bucket }) =>
      own.enabled && own.backup.enabled ? { "postgres-backup": { [bucket("backups")]: "readWrite" } } : {},
    grants: ({ own }, { bucket }): RightsByConsumer =>
      own.enabled && own.backup.enabled ? { proof: { [bucket("backups")]: "read" } } : {},
  },
  hops: { backup: ["postgres"] },
  unasked: ({ backup }): Record<string, string> =>
    backup.enabled ? {} : { backup: "nothing is backed up (services.postgres.backup.enabled: false)" },
});
