/** Figures of PostgreSQL, as its own statistics have them. Their names are those of postgres_exporter, which most dashboards are made for. */
import { Pool } from "pg";
import * as z from "zod";
import { defineWatch, type Sample } from "../../platform/watching.ts";

const DATABASES = `
SELECT d.datname, s.numbackends, s.xact_commit, s.xact_rollback, s.blks_read, s.blks_hit, s.deadlocks, s.temp_bytes,
  pg_database_size(d.oid) AS size_bytes
FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid
WHERE NOT d.datistemplate`;
const SERVER = `
SELECT current_setting('max_connections')::int AS max_connections,
  (SELECT count(*) FROM pg_locks WHERE NOT granted) AS waiting,
  (SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS longest_transaction_seconds`;

/** Of a database, from columns to names. */
const ofDatabase = {
  numbackends: "pg_stat_database_numbackends",
  xact_commit: "pg_stat_database_xact_commit",
  xact_rollback: "pg_stat_database_xact_rollback",
  blks_read: "pg_stat_database_blks_read",
  blks_hit: "pg_stat_database_blks_hit",
  deadlocks: "pg_stat_database_deadlocks",
  temp_bytes: "pg_stat_database_temp_bytes",
  size_bytes: "pg_database_size_bytes",
} as const;
const ofServer = {
  max_connections: "pg_settings_max_connections",
  waiting: "pg_locks_waiting",
  longest_transaction_seconds: "pg_longest_transaction_seconds",
} as const;

/** A count is a `bigint`, which comes as text. */
const number = z.coerce.number();
const shape = <Key extends string>(names: Readonly<Record<Key, string>>) =>
  z.array(z.looseObject(Object.fromEntries(Object.keys(names).map((key) => [key, number]))));

/** @param rows Answers to both queries. */
export function postgresSamples(rows: { readonly databases: unknown; readonly server: unknown }): Sample[] {
  const databases = shape(ofDatabase).parse(rows.databases);
  const samples = (row: Readonly<Record<string, unknown>>, names: Readonly<Record<string, string>>, labels?: object) =>
    Object.entries(names).map(([key, name]) => ({ name, value: Number(row[key]), ...labels }));
  return [
    ...databases.flatMap((row) => samples(row, ofDatabase, { labels: { datname: String(row["datname"]) } })),
    ...shape(ofServer)
      .parse(rows.server)
      .flatMap((row) => samples(row, ofServer)),
  ];
}

export const postgresWatch = defineWatch({
  room: "postgres",
  settings: z.strictObject({ host: z.string(), port: z.int(), database: z.string(), user: z.string() }),
  // POSTGRES_PASSWORD is a variable of the server's own image.
  secrets: ["monitorPassword"],
  make({ host, port, database, user, monitorPassword: password }) {
    const pool = new Pool({
      ...{ host, port, database, user, password },
      application_name: "metrics",
      // A connection that is kept: each new one is a new process of the server.
      max: 1,
      idleTimeoutMillis: 0,
      connectionTimeoutMillis: 5000,
      query_timeout: 8000,
      keepAlive: true,
    });
    // The next look says what it is.
    pool.on("error", () => undefined);
    return async () => {
      const { rows: databases } = await pool.query<object>(DATABASES);
      const { rows: server } = await pool.query<object>(SERVER);
      return postgresSamples({ databases, server });
    };
  },
});
