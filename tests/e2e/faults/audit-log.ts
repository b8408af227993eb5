/** Who did what: it is in the table once, and in the log, also what was done while the audit log was away. */
import { randomUUID } from "node:crypto";

import { kill, ready, sql } from "../platform.ts";
import { check, failures } from "../proofs.ts";
import { millrace, must, type Runner } from "../runner.ts";

const MINUTE = 60_000;
const AUDIT_LOG = "audit-log";

export async function whoDidWhat(runner: Runner): Promise<void> {
  await runner.step(
    "who did what is in the table once, with the audit log killed in between",
    12 * MINUTE,
    async () => {
      const marks = [1, 2, 3].map((number) => `e2e-${number}-${randomUUID()}`);
      const run = (mark: string | undefined): Promise<unknown> => sql(`SELECT '${mark}' AS mark`);
      await run(marks[0]);
      await kill(AUDIT_LOG);
      await run(marks[1]);
      await ready(AUDIT_LOG, 2 * MINUTE);
      await run(marks[2]);
      // Its own hop has the table written.
      const { code, report } = await check();
      must(code === 0 && report.ok, failures(report));
      const rows = await sql(
        `SELECT service, user_name, action, object, outcome FROM lake.audit.events ` +
          `WHERE day >= current_date - INTERVAL '1' DAY`,
      );
      for (const mark of marks) {
        const found = rows.filter(({ object }) => object === `SELECT '${mark}' AS mark`);
        must(found.length === 1, `a statement is in the table ${found.length} times`);
        must(
          found[0]?.["user_name"] === "e2e" && found[0]["outcome"] === "ok",
          "the table does not say that e2e ran it",
        );
        const { stdout } = await millrace(["logs", "--service", AUDIT_LOG, "--grep", mark], MINUTE);
        must(stdout.includes("e2e ran a query (ok)"), "the log does not say who ran a statement");
      }
      const did = new Set(
        rows.map((row) => `${String(row["service"])}: ${String(row["user_name"])} ${String(row["action"])}`),
      );
      // Of this proof or the one before: its own hop has asked before all others ended.
      const wanted = [
        "presto: proof ran a query",
        "airflow: proof signed in",
        "airflow: proof trigger dag run",
        "jupyterhub: proof signed in",
        "jupyterhub: proof got a server",
        "jupyterhub: proof started a kernel",
      ];
      const missing = wanted.filter((one) => !did.has(one));
      must(missing.length === 0, `the table does not say ${missing.join(", ")}; it has ${[...did].join(", ")}`);
      return `${rows.length} entries of ${new Set(rows.map(({ service }) => service)).size} services`;
    },
  );
}
