/** Bad luck of PostgreSQL: a crash in the middle of writing, and a database that is brought back from a backup. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { Pod } from "../../../cli/services.ts";
import { airflow, bucketOf } from "../clients.ts";
import { endOfJob, execute, killPod, kube, namespace, pods, ready } from "../platform.ts";
import { greenAgain } from "../proofs.ts";
import { must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;
const POD = "postgres-0";
const DATABASE = "airflow";
const PSQL = "psql --no-psqlrc --quiet --tuples-only --no-align";

/** Rows of a statement in the database of Airflow, one line each. */
async function psql(statement: string): Promise<string[]> {
  const ran = await execute(POD, await container(), ["sh", "-c", `${PSQL} ${DATABASE} --command "$0"`, statement]);
  must(await ran.ended, `psql failed: ${statement}`);
  return ran.stdout().split("\n").filter(Boolean);
}

async function container(): Promise<string> {
  const [pod] = await pods("postgres");
  const name = pod?.spec.containers[0]?.name;
  if (name === undefined) throw new Error("there is no pod of postgres");
  return name;
}

/** Each insert that was acknowledged before the crash is there after it. */
export async function killed(runner: Runner): Promise<void> {
  await runner.step(
    "a killed PostgreSQL loses nothing acknowledged, and the proof is green again",
    10 * MINUTE,
    async () => {
      await psql("CREATE TABLE IF NOT EXISTS e2e_marker(n int PRIMARY KEY)");
      try {
        await psql("TRUNCATE e2e_marker");
        const inserts = `for n in $(seq 100000); do echo "INSERT INTO e2e_marker VALUES($n) RETURNING n;"; done`;
        const writer = await execute(POD, await container(), ["sh", "-c", `${inserts} | ${PSQL} ${DATABASE}`]);
        await until("inserts", MINUTE, () => Promise.resolve(writer.stdout().length > 500 ? true : undefined));
        await sleep(1000);
        const since = Date.now();
        await killPod(POD);
        await writer.ended;
        // The last line may be cut.
        const acknowledged = writer.stdout().split("\n").slice(0, -1).filter(Boolean);
        await sleep(2000);
        await ready("postgres", 2 * MINUTE);
        const back = Math.round((Date.now() - since) / 1000);
        const found = new Set(await psql("SELECT n FROM e2e_marker"));
        const lost = acknowledged.filter((n) => !found.has(n));
        must(acknowledged.length > 100, `only ${acknowledged.length} inserts were acknowledged`);
        must(lost.length === 0, `${lost.length} of ${acknowledged.length} acknowledged inserts are lost`);
        const green = await greenAgain(since, 2 * MINUTE);
        return `${acknowledged.length} acknowledged, 0 lost, back after ${back} s; ${green}`;
      } finally {
        await psql("DROP TABLE e2e_marker");
      }
    },
  );
}

interface Template {
  readonly spec: { readonly jobTemplate: { readonly spec: JobSpec } };
}

interface JobSpec {
  readonly template: {
    readonly spec: { readonly initContainers?: readonly { readonly env?: readonly object[] }[] };
  };
}

/** Runs a Job from a CronJob, with more in the environment of its first program; answers whether it went well, and its logs. */
async function runJob(
  cronJob: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ ok: boolean; log: string }> {
  const batch = `/apis/batch/v1/namespaces/${namespace}`;
  const { spec } = (await kube().get<Template>(`${batch}/cronjobs/${cronJob}`)).spec.jobTemplate;
  const name = `${cronJob}-e2e-${randomBytes(3).toString("hex")}`;
  const [first, ...others] = spec.template.spec.initContainers ?? [];
  const more = Object.entries(env).map(([key, value]) => ({ name: key, value }));
  const kept = (first?.env ?? []).filter((one) => !("name" in one && Object.hasOwn(env, String(one.name))));
  const template = {
    ...spec.template,
    spec: { ...spec.template.spec, initContainers: [{ ...first, env: [...kept, ...more] }, ...others] },
  };
  const metadata = { name, labels: { "app.kubernetes.io/part-of": "millrace" } };
  await kube().post(`${batch}/jobs`, {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata,
    spec: { ...spec, template, backoffLimit: 0 },
  });
  try {
    const ok = await endOfJob(name, 4 * MINUTE);
    return { ok, log: await logsOf(name) };
  } finally {
    await kube().delete(`${batch}/jobs/${name}`, { propagationPolicy: "Background" });
  }
}

async function logsOf(job: string): Promise<string> {
  const core = `/api/v1/namespaces/${namespace}/pods`;
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${job}`);
  const { items } = await kube().get<{ items: readonly Pod[] }>(`${core}?labelSelector=${selector}`);
  const logs = items.flatMap(({ metadata, spec }) =>
    [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) =>
      kube()
        .text(`${core}/${metadata.name}/log?container=${name}`)
        .catch(() => ""),
    ),
  );
  return (await Promise.all(logs)).join("\n");
}

/** Backup, damage, restore: what was there is there again, and what came after is gone. */
export async function restored(runner: Runner): Promise<void> {
  await runner.step("a damaged database is brought back from its backup", 12 * MINUTE, async () => {
    const marker = randomBytes(8).toString("hex");
    const backups = await bucketOf("postgres-backup", "backups");
    const before = new Set(await backups.list("postgres/"));
    await psql(`CREATE TABLE e2e_marker(v text); INSERT INTO e2e_marker VALUES ('${marker}')`);
    try {
      const backup = await runJob("postgres-backup");
      const stamp = /backup (\S+) is complete/.exec(backup.log)?.[1];
      must(backup.ok && stamp !== undefined, `the backup failed: ${backup.log}`);
      const made = (await backups.list(`postgres/${stamp}/`)).map((key) => key.split("/").at(-1)).sort();
      must(made.join() === "airflow.dump,backup.json,jupyterhub.dump,metastore.dump", `it holds ${made.join()}`);

      await psql("DROP TABLE e2e_marker; CREATE TABLE e2e_later(i int)");
      const none = await runJob("postgres-restore", { BACKUP: "20000101T000000Z" });
      must(!none.ok, "a backup that is not there was restored");
      must(/there is no backup "20000101T000000Z"/.test(none.log), `it said: ${none.log}`);
      must(
        (await psql("SELECT to_regclass('e2e_later')")).join() === "e2e_later",
        "it changed the database all the same",
      );

      const restore = await runJob("postgres-restore", { BACKUP: stamp, DATABASES: DATABASE });
      must(restore.ok, `the restore failed: ${restore.log}`);
      must((await psql("SELECT v FROM e2e_marker")).join() === marker, "the row is not there again");
      must(
        (await psql("SELECT coalesce(to_regclass('e2e_later')::text, 'gone')")).join() === "gone",
        "the later table is still there",
      );
      const since = Date.now();
      const client = await airflow();
      await until("a healthy Airflow", MINUTE, async () => {
        const { metadatabase, scheduler } = await client.health();
        return metadatabase.status === "healthy" && scheduler.status === "healthy" ? true : undefined;
      });
      return `backup ${stamp}, Airflow well ${Math.round((Date.now() - since) / 1000)} s after the restore`;
    } finally {
      await psql("DROP TABLE IF EXISTS e2e_marker; DROP TABLE IF EXISTS e2e_later");
      for (const key of await backups.list("postgres/")) if (!before.has(key)) await backups.remove(key);
    }
  });
}
