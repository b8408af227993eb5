/** Hop `backup`: PostgreSQL's newest backup is whole, and the scheduled ones do not fail one after the other. */
import type { JobHistory, ScheduledJob } from "../../../platform/hops/job-history.ts";
import { poll } from "../../../platform/hops/errors.ts";
import { HopFailure, HopSkipped } from "../../../platform/hops/hop.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { forgivenFailures, standstillMs } from "../../../platform/hops/limits.ts";
import type { ObjectStore } from "../../object-store/hops/store-client.ts";
import { backupTime, MANIFEST, readManifest } from "../programs/backups.ts";

export interface BackupHopOptions {
  /** The bucket of the backups. */
  readonly store: Pick<ObjectStore, "where" | "list" | "get">;
  /** Begin of the keys of all backups, with its slash. */
  readonly prefix: string;
  readonly jobs: Pick<JobHistory, "failedOf">;
  /** The CronJob that makes backups. */
  readonly cronJob: string;
  /** When it does, in cron's words. */
  readonly schedule: string;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

interface Newest {
  readonly name: string;
  readonly at: Date;
  readonly files: readonly string[];
}

export function backupHop(options: BackupHopOptions): Hop {
  const { store, prefix, jobs, cronJob, schedule, pauseMs } = options;
  return {
    name: "backup",
    timeoutMs: standstillMs,
    run: ({ signal, onProgress }) =>
      poll(
        async () => {
          const newest = newestOf(await store.list(prefix), prefix);
          const since = newest?.at ?? new Date(0);
          const failed = (await jobs.failedOf(cronJob, signal)).filter(({ startedAt }) => startedAt > since);
          if (failed.length > forgivenFailures) throw new HopFailure(manyFailed(failed, newest));
          if (newest === undefined) throw new HopSkipped(noneYet(failed, schedule));
          return await figuresOf(options, newest);
        },
        { signal, onProgress, pauseMs },
      ),
  };
}

/** A backup without its list is under way or was broken off. */
function newestOf(keys: readonly string[], prefix: string): Newest | undefined {
  const folders = new Map<string, string[]>();
  for (const key of keys) {
    const [name = "", file = ""] = key.slice(prefix.length).split("/");
    folders.set(name, [...(folders.get(name) ?? []), file]);
  }
  return [...folders]
    .flatMap(([name, files]) => {
      const at = backupTime(name);
      return at !== undefined && files.includes(MANIFEST) ? [{ name, at, files }] : [];
    })
    .toSorted((left, right) => left.name.localeCompare(right.name))
    .at(-1);
}

async function figuresOf(
  { store, prefix }: BackupHopOptions,
  { name, files }: Newest,
): Promise<{ count: number; distinct: number; checksum: string; message: string }> {
  const where = `${store.where}/${prefix}${name}`;
  const manifest = readManifest((await store.get(`${prefix}${name}/${MANIFEST}`)).toString("utf8"));
  if (manifest === undefined) throw new HopFailure(`the backup ${where} is damaged: its ${MANIFEST} can't be read`);
  const databases = Object.keys(manifest.databases);
  const missing = databases.filter((database) => !files.includes(`${database}.dump`));
  if (missing.length > 0)
    throw new HopFailure(`the backup ${where} is damaged: it lacks the dump of ${missing.join(", ")}`);
  const bytes = Object.values(manifest.databases).reduce((sum, database) => sum + database.bytes, 0);
  return {
    count: databases.length,
    distinct: new Set(databases).size,
    checksum: String(bytes),
    message: `the newest backup is ${name}, of ${databases.join(", ")}`,
  };
}

function manyFailed(failed: readonly ScheduledJob[], newest: Newest | undefined): string {
  const last = failed.at(-1);
  const have = newest === undefined ? "there is no backup at all" : `the newest backup is ${newest.name}`;
  return (
    `the last ${failed.length} scheduled backups failed, the newest at ${last?.startedAt.toISOString() ?? ""} ` +
    `(${last?.reason ?? ""}); ${have}. npm run backup makes one now, or says why it can't`
  );
}

function noneYet(failed: readonly ScheduledJob[], schedule: string): string {
  const [first] = failed;
  if (first === undefined) return `no backup was due yet: the schedule is "${schedule}"`;
  return `the first backup failed at ${first.startedAt.toISOString()} (${first.reason}); the next one is made by the schedule "${schedule}"`;
}
