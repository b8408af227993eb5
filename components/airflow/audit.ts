/** Who did what in Airflow, and who signed in: its own record of events, and of accounts, which a role of PostgreSQL may read. */
import * as z from "zod";
import { type Deed, defineAudit } from "../../platform/auditing.ts";
import { keptPool } from "../postgres/programs/kept-pool.ts";

/** What people do has a name to show; what parts of Airflow write down of tasks has none. */
const EVENTS = `
SELECT id, dttm, event, owner, dag_id, task_id, run_id FROM log
WHERE dttm > $1 AND id > $2 AND owner IS NOT NULL AND owner_display_name IS NOT NULL ORDER BY id LIMIT $3`;
/** Events of an answer; what is beyond is asked for at once. */
const MOST = 1000;
/** Without a zone, in UTC. */
const LOGINS =
  "SELECT username, last_login AT TIME ZONE 'UTC' AS at FROM ab_user WHERE last_login > $1 AT TIME ZONE 'UTC'";

const text = z.string().nullable();
const eventShape = z.looseObject({
  id: z.number(),
  dttm: z.date(),
  event: z.string(),
  owner: z.string(),
  dag_id: text,
  task_id: text,
  run_id: text,
});
const loginShape = z.looseObject({ username: z.string(), at: z.date() });

/** @param rows Answers to both questions. */
export function airflowDeeds(rows: { readonly events: unknown; readonly logins: unknown }): Deed[] {
  return [
    ...z
      .array(eventShape)
      .parse(rows.events)
      .map(({ id, dttm, event, owner, dag_id: dag, task_id: task, run_id: run }) => ({
        id: `event-${id}`,
        at: dttm.toISOString(),
        user: owner,
        action: event.replaceAll("_", " "),
        object: [dag, task, run].filter((part) => part !== null && part !== "").join(" "),
        outcome: "ok",
      })),
    ...z
      .array(loginShape)
      .parse(rows.logins)
      .map(({ username, at }) => ({
        id: `login-${username}-${at.toISOString()}`,
        at: at.toISOString(),
        user: username,
        action: "signed in",
        object: "",
        outcome: "ok",
      })),
  ];
}

export const airflowAudit = defineAudit({
  room: "airflow",
  settings: z.strictObject({ host: z.string(), port: z.int(), database: z.string(), user: z.string() }),
  secrets: ["databasePassword"],
  make({ databasePassword: password, ...place }) {
    const pool = keptPool({ ...place, password }, "audit-log");
    return async (after) => {
      const events: { readonly id: number }[] = [];
      for (;;) {
        const { rows } = await pool.query<{ id: number }>(EVENTS, [after, events.at(-1)?.id ?? 0, MOST]);
        events.push(...rows);
        if (rows.length < MOST) break;
      }
      const { rows: logins } = await pool.query<object>(LOGINS, [after]);
      return airflowDeeds({ events, logins });
    };
  },
});
