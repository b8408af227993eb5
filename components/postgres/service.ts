/** PostgreSQL, as plain data. */
import * as z from "zod";
import { cronProblem } from "../../platform/cron.ts";
import type { Resources, SizeRow } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService, type RightsByConsumer } from "../../platform/service.ts";
import { enabled, image, memory, storage, text } from "../../platform/settings.ts";
import { allResourcesSetting, resourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";
import { postgresWatched } from "./watched.ts";

const SAVER_MEMORY = "256Mi";
const saver = { small: size(20, 1000, 0.25), large: size(100, 1000, 0.5) };
const server = { small: size(50, 1000, 0.4), large: size(250, 2000, 1) };

/** The PostgreSQL server. @param settings.memory Limit of the container. */
export function postgresResources(settings: Sized & { readonly memory: string }): Resources {
  return sized(server[settings.size], settings.memory, settings.resources);
}

/** What a backup or a restore of PostgreSQL asks for. */
export function postgresBackupResources(settings: {
  readonly size: SizeRow;
  readonly backup: Pick<Sized, "resources">;
}): Resources {
  return sized(saver[settings.size], SAVER_MEMORY, settings.backup.resources);
}

export const postgres = defineService({
  name: "postgres",
  title: "PostgreSQL",
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
      scheduling: schedulingSetting("the server, its setup, backups and restores"),
      resources: resourcesSetting("the server", server),
      backup: z
        .strictObject({
          enabled: enabled("all databases are saved to S3 on a schedule"),
          schedule: text()
            .default("17 3 * * *")
            .meta({ "x-range": 'a cron schedule of five fields, for example "17 3 * * *"' })
            .describe("When to save, in the cluster's time zone."),
          keep: z.int().min(1).max(1000).default(7).describe("Number of backups that are kept."),
          resources: allResourcesSetting("a backup or a restore", saver, SAVER_MEMORY, "128Mi"),
        })
        .prefault({})
        .describe("The backup of all databases."),
      image: image().describe("Image with the contract of `postgres:15`. Default: built from packages."),
    })
    .prefault({})
    .describe("PostgreSQL, for the catalog, Airflow and JupyterHub."),
  image: {
    name: "postgres",
    base: "postgres-base",
    upstream: {
      image: "docker.io/library/postgres:15-bookworm",
      layer: "image-upstream",
      sources: ["components/postgres/image/docker-entrypoint.sh"],
    },
  },
  sized: (own) => ({ resources: postgresResources(own), "backup.resources": postgresBackupResources(own) }),
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
  watched: postgresWatched,
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
