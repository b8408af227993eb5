/** Who did what in Airflow, and who signed in: its own record of events, and of accounts, which a role of PostgreSQL may read. */
import { Pool } from "pg";
import * as z from "zod";
import { type Deed, defineAudit } from "../../platform/auditing.ts";

/** What parts of Airflow itself write down: no person does it. */
const OF_PARTS = [
  "running",
  "success",
  "failed",
  "skipped",
  "up_for_retry",
  "state mismatch",
  "stuck in queued reschedule",
];
const EVENTS = `
SELECT id, dttm, event, owner, dag_id, task_id, run_id FROM log
WHERE dttm > $1 AND owner IS NOT NULL AND event <> ALL($2) AND event NOT LIKE 'cli\\_%' ORDER BY id LIMIT 1000`;
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
    const pool = new Pool({
      ...place,
      password,
      application_name: "audit-log",
      max: 1,
      idleTimeoutMillis: 0,
      connectionTimeoutMillis: 5000,
      query_timeout: 8000,
      keepAlive: true,
    });
    // The next look says what it is.
    pool.on("error", () => undefined);
    return async (after) => {
      const { rows: events } = await pool.query<object>(EVENTS, [after, OF_PARTS]);
      const { rows: logins } = await pool.query<object>(LOGINS, [after]);
      return airflowDeeds({ events, logins });
    };
  },
});
