/** Figures of Cassandra, as each node's virtual tables have them. */
import * as z from "zod";
import { defineWatch, type Sample } from "../../platform/watching.ts";
import { CassandraClient, type CassandraValue } from "./hops/cassandra-client.ts";

type Row = Readonly<Record<string, CassandraValue>>;
/** Rows of each node, by its address. */
export type Everywhere = (cql: string, signal: AbortSignal) => Promise<ReadonlyMap<string, readonly Row[]>>;

const FROM = "FROM system_views";
const latency = "keyspace_name, table_name, count, p50th_ms, p99th_ms";

/** A table with a row for each table of the users'. @param columns Names of figures, by column; `scale` makes them units of the base. */
interface OfTables {
  readonly cql: string;
  readonly columns: Readonly<Record<string, { readonly name: string; readonly scale?: number }>>;
}

const ofTables: readonly OfTables[] = [
  ...["read", "write"].map((what) => ({
    cql: `SELECT ${latency} ${FROM}.coordinator_${what}_latency`,
    columns: {
      count: { name: `cassandra_table_${what}s_total` },
      p50th_ms: { name: `cassandra_table_${what}_seconds_p50`, scale: 0.001 },
      p99th_ms: { name: `cassandra_table_${what}_seconds_p99`, scale: 0.001 },
    },
  })),
  {
    cql: `SELECT keyspace_name, table_name, mebibytes ${FROM}.disk_usage`,
    columns: { mebibytes: { name: "cassandra_table_disk_bytes", scale: 2 ** 20 } },
  },
  {
    cql: `SELECT keyspace_name, table_name, p99th ${FROM}.tombstones_per_read`,
    columns: { p99th: { name: "cassandra_table_tombstones_per_read_p99" } },
  },
];
const POOLS = `SELECT name, active_tasks, pending_tasks, blocked_tasks_all_time ${FROM}.thread_pools`;
const CLIENTS = `SELECT username ${FROM}.clients`;

export async function cassandraSamples(everywhere: Everywhere, signal: AbortSignal): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const { cql, columns } of ofTables) {
    for (const [node, rows] of await everywhere(cql, signal)) {
      for (const row of rows.filter(({ keyspace_name: keyspace }) => !String(keyspace).startsWith("system"))) {
        const labels = { node, keyspace: String(row["keyspace_name"]), table: String(row["table_name"]) };
        for (const [column, { name, scale = 1 }] of Object.entries(columns))
          samples.push({ name, labels, value: Number(row[column]) * scale });
      }
    }
  }
  for (const [node, rows] of await everywhere(POOLS, signal)) {
    for (const row of rows) {
      const labels = { node, pool: String(row["name"]) };
      samples.push(
        { name: "cassandra_pool_active_tasks", labels, value: Number(row["active_tasks"]) },
        { name: "cassandra_pool_pending_tasks", labels, value: Number(row["pending_tasks"]) },
        { name: "cassandra_pool_blocked_tasks_total", labels, value: Number(row["blocked_tasks_all_time"]) },
      );
    }
  }
  for (const [node, rows] of await everywhere(CLIENTS, signal)) {
    const byUser = Map.groupBy(rows, ({ username }) => String(username));
    for (const [user, of] of byUser)
      samples.push({ name: "cassandra_connections", labels: { node, user }, value: of.length });
  }
  return samples;
}

export const cassandraWatch = defineWatch({
  room: "cassandra",
  settings: z.strictObject({
    /** `host,host`, as clients take it. */
    contactPoints: z.string().min(1),
    port: z.int(),
    datacenter: z.string(),
    user: z.string(),
  }),
  secrets: ["password"],
  make({ contactPoints, ...login }) {
    const client = new CassandraClient({ ...login, contactPoints: contactPoints.split(",") });
    return async (signal) => {
      try {
        return await cassandraSamples((cql, until) => client.everywhere(cql, until), signal);
      } catch (error) {
        // One that was connected to a node that is gone may know no other.
        await client.close();
        throw error;
      }
    };
  },
});
