/** Airflow's Spark batch on the cluster: a driver and an executor as pods, figures in SQL, and the application in Spark's history. */
import { randomUUID } from "node:crypto";

import { airflow } from "./clients.ts";
import { addressOf, loginHeaders, sql } from "./platform.ts";
import { must, type Runner, until } from "./runner.ts";

const MINUTE = 60_000;
const DAG = "census_batch";
const ROWS = 2000;

export async function censusBatch(runner: Runner): Promise<void> {
  const title = "a Spark batch started by Airflow leaves its figures in SQL and is in Spark's history";
  await runner.step(title, 8 * MINUTE, async () => {
    const run = `e2e-${randomUUID()}`;
    const client = await airflow();
    const before = new Set(await endedApplications());
    const triggered = Date.now();
    await client.trigger(DAG, run, { run, rows: ROWS, seed: 7 });
    try {
      await until(`the end of run ${run}`, 5 * MINUTE, async () => {
        const { state } = await client.run(DAG, run);
        must(state !== "failed", `run ${run} failed`);
        return state === "success" ? true : undefined;
      });
      const seconds = Math.round((Date.now() - triggered) / 1000);
      const [people] = await sql(`SELECT count(*) AS n FROM lake.census.people WHERE run = '${run}'`);
      must(Number(people?.["n"]) === ROWS, `${Number(people?.["n"])} people of ${ROWS}`);
      const [summary] = await sql(`SELECT count(*) AS n FROM lake.census.summary WHERE run = '${run}'`);
      must(Number(summary?.["n"]) > 0, "there are no figures");
      const application = await until("the application in Spark's history", 2 * MINUTE, async () =>
        (await endedApplications()).find((id) => !before.has(id)),
      );
      return `${ROWS} people, ${Number(summary?.["n"])} figures after ${seconds} s; ${application}`;
    } finally {
      await client.removeRun(DAG, run).catch(() => undefined);
      for (const table of ["people", "summary"]) {
        await sql(`DELETE FROM lake.census.${table} WHERE run = '${run}'`).catch(() => undefined);
      }
    }
  });
}

async function endedApplications(): Promise<string[]> {
  const answer = await fetch(`http://${addressOf("sparkHistory")}/api/v1/applications?status=completed`, {
    headers: await loginHeaders("sparkHistory"),
  });
  must(answer.ok, `Spark's history answers ${answer.status}`);
  return ((await answer.json()) as { readonly id: string }[]).map(({ id }) => id);
}
