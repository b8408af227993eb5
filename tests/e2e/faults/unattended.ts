/** What works without anybody looking, and has gone wrong: the last run of a DAG, the newest backup. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { backupName, MANIFEST } from "../../../components/postgres/programs/backups.ts";
import { airflow, bucketOf } from "../clients.ts";
import { until } from "../runner.ts";
import type { Fault } from "./put-back.ts";

/** A run that was started by hand ends at once as failed, and is removed at the end. */
export function lastRunFailed(dag: string): Fault {
  const run = `e2e-${randomUUID()}`;
  return {
    what: `a failed last run of ${dag}`,
    begin: async () => {
      const client = await airflow();
      await client.trigger(dag, run, {});
      // A scheduler that has just taken the run up may write over what was said of it.
      await until(`${run} to stay failed`, 60_000, async () => {
        await client.failRun(dag, run);
        await sleep(3000);
        const runs = await client.runs(dag);
        return runs.find(({ dag_run_id: id }) => id === run)?.state === "failed" ? true : undefined;
      });
    },
    end: async () => {
      await (await airflow()).removeRun(dag, run);
    },
  };
}

/** A backup newer than all others whose list names a dump that is not there; it is removed at the end. */
export function newestBackupDamaged(): Fault {
  let key: string | undefined;
  return {
    what: "a newest backup that lacks a dump",
    begin: async () => {
      key = `postgres/${backupName(new Date())}/${MANIFEST}`;
      const list = { databases: { e2e: { bytes: 1, sha256: "0".repeat(64) } } };
      await (await backups()).put(key, JSON.stringify(list));
    },
    end: async () => {
      if (key !== undefined) await (await backups()).remove(key);
    },
  };
}

const backups = (): ReturnType<typeof bucketOf> => bucketOf("postgres-backup", "backups");
