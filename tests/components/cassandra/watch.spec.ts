import { expect } from "chai";
import { cassandraSamples, cassandraWatch } from "../../../components/cassandra/watch.ts";

type Rows = Record<string, string | number>[];

describe("figures of Cassandra", () => {
  const tables: Readonly<Record<string, Rows>> = {
    coordinator_read_latency: [
      { keyspace_name: "streaming", table_name: "records", count: 5, p50th_ms: 1, p99th_ms: 20 },
      { keyspace_name: "system", table_name: "local", count: 9, p50th_ms: 1, p99th_ms: 1 },
      { keyspace_name: "system_auth", table_name: "roles", count: 9, p50th_ms: 1, p99th_ms: 1 },
    ],
    coordinator_write_latency: [],
    disk_usage: [{ keyspace_name: "streaming", table_name: "records", mebibytes: 3 }],
    tombstones_per_read: [{ keyspace_name: "streaming", table_name: "records", p99th: 4 }],
    thread_pools: [{ name: "ReadStage", active_tasks: 1, pending_tasks: 2, blocked_tasks_all_time: 3 }],
    clients: [{ username: "spark" }, { username: "spark" }, { username: "proof" }],
  };
  const everywhere = (cql: string) => {
    const [, table = ""] = /FROM system_views\.(\w+)$/.exec(cql) ?? [];
    const rows = tables[table];
    if (rows === undefined) throw new Error(`no such table: ${cql}`);
    return Promise.resolve(new Map([["10.0.0.1", rows]]));
  };

  it("are those of users' tables, of what waits on each node, and of who is connected", async () => {
    const samples = await cassandraSamples(everywhere, AbortSignal.timeout(5000));
    const labels = { node: "10.0.0.1", keyspace: "streaming", table: "records" };
    const pool = { node: "10.0.0.1", pool: "ReadStage" };
    expect(samples).to.have.deep.members([
      { name: "cassandra_table_reads_total", labels, value: 5 },
      { name: "cassandra_table_read_seconds_p50", labels, value: 0.001 },
      { name: "cassandra_table_read_seconds_p99", labels, value: 0.02 },
      { name: "cassandra_table_disk_bytes", labels, value: 3 * 1024 * 1024 },
      { name: "cassandra_table_tombstones_per_read_p99", labels, value: 4 },
      { name: "cassandra_pool_active_tasks", labels: pool, value: 1 },
      { name: "cassandra_pool_pending_tasks", labels: pool, value: 2 },
      { name: "cassandra_pool_blocked_tasks_total", labels: pool, value: 3 },
      { name: "cassandra_connections", labels: { node: "10.0.0.1", user: "spark" }, value: 2 },
      { name: "cassandra_connections", labels: { node: "10.0.0.1", user: "proof" }, value: 1 },
    ]);
  });

  it("say that nothing runs, again at each look", async () => {
    const login = { contactPoints: "127.0.0.1", port: 1, datacenter: "dc1", user: "metrics", password: "x" };
    const ask = cassandraWatch.make(login);
    for (const _ of [1, 2]) expect(await ask(AbortSignal.timeout(5000)).catch(String)).to.match(/ECONNREFUSED/);
  });
});
