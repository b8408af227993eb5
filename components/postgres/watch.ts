/** Figures of PostgreSQL, as its own statistics have them (`programs/setup.sh` says which may be seen). Their names are those of postgres_exporter, which most dashboards are made for. */
import * as z from "zod";
import { defineWatch, type Sample } from "../../platform/watching.ts";
import { keptPool } from "./programs/kept-pool.ts";

const DATABASES = "SELECT * FROM millrace.databases()";
const SERVER = "SELECT * FROM millrace.server()";
const TRANSACTIONS = "SELECT * FROM millrace.transactions()";

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
} as const;
const transactionsShape = z.array(
  z.looseObject({ usename: z.string(), application_name: z.string(), seconds: z.number() }),
);

/** A count is a `bigint`, which comes as text. */
const number = z.coerce.number();
const shape = <Key extends string>(names: Readonly<Record<Key, string>>) =>
  z.array(z.looseObject(Object.fromEntries(Object.keys(names).map((key) => [key, number]))));

/** @param rows Answers to the questions. */
export function postgresSamples(rows: {
  readonly databases: unknown;
  readonly server: unknown;
  /** Those that have been open for over a minute. */
  readonly transactions: unknown;
}): Sample[] {
  const databases = shape(ofDatabase).parse(rows.databases);
  const samples = (row: Readonly<Record<string, unknown>>, names: Readonly<Record<string, string>>, labels?: object) =>
    Object.entries(names).map(([key, name]) => ({ name, value: Number(row[key]), ...labels }));
  return [
    ...databases.flatMap((row) => samples(row, ofDatabase, { labels: { datname: String(row["datname"]) } })),
    ...shape(ofServer)
      .parse(rows.server)
      .flatMap((row) => samples(row, ofServer)),
    ...transactionsShape.parse(rows.transactions).map(({ usename, application_name: application, seconds }) => ({
      name: "pg_longest_transaction_seconds",
      labels: { usename, application },
      value: seconds,
    })),
  ];
}

export const postgresWatch = defineWatch({
  room: "postgres",
  settings: z.strictObject({ host: z.string(), port: z.int(), database: z.string(), user: z.string() }),
  // POSTGRES_PASSWORD is a variable of the server's own image.
  secrets: ["monitorPassword"],
  make({ host, port, database, user, monitorPassword: password }) {
    const pool = keptPool({ host, port, database, user, password }, "metrics");
    return async () => {
      const { rows: databases } = await pool.query<object>(DATABASES);
      const { rows: server } = await pool.query<object>(SERVER);
      const { rows: transactions } = await pool.query<object>(TRANSACTIONS);
      return postgresSamples({ databases, server, transactions });
    };
  },
});
