import { expect } from "chai";
import type { Row } from "../../../../components/cassandra/programs/declaration.ts";
import { setupSchema } from "../../../../components/cassandra/programs/declaration.ts";
import { applySchema, replicateAccounts } from "../../../../components/cassandra/programs/schema.ts";
import { FakeSession } from "./fake-session.ts";

const declared = setupSchema.parse({
  replicationFactor: 1,
  keyspaces: {
    streaming: {
      tables: {
        windows: {
          columns: { stream: "text", start: "timestamp", mean: "double" },
          partitionKey: ["stream"],
          clustering: [{ column: "start", order: "DESC" }],
          ttlSeconds: 3600,
          compaction: { timeWindowMinutes: 2 },
        },
      },
    },
  },
  roles: {},
});

const strategy = "org.apache.cassandra.locator.NetworkTopologyStrategy";
const column = (name: string, type: string, kind = "regular", position = -1, order = "none"): Row => ({
  keyspace_name: "streaming",
  table_name: "windows",
  column_name: name,
  type,
  kind,
  position,
  clustering_order: order,
});
const same = {
  replication: { class: strategy, dc1: "1" } as Record<string, string>,
  table: {
    comment: "",
    default_time_to_live: 3600,
    gc_grace_seconds: 14_400,
    compaction: {
      class: "org.apache.cassandra.db.compaction.TimeWindowCompactionStrategy",
      compaction_window_size: "2",
      compaction_window_unit: "MINUTES",
      max_threshold: "32",
      min_threshold: "4",
    },
  },
  columns: [
    column("start", "timestamp", "clustering", 0, "desc"),
    column("stream", "text", "partition_key", 0),
    column("mean", "double"),
  ],
};

/** A cluster that holds the declared table, with some differences. */
function cluster(changes: Partial<typeof same> = {}): FakeSession {
  const { replication, table, columns } = { ...same, ...changes };
  return new FakeSession({
    "system_schema.keyspaces": [
      { keyspace_name: "system_auth", replication: { class: "x.SimpleStrategy", replication_factor: "1" } },
      { keyspace_name: "streaming", replication },
    ],
    "system_schema.tables": [
      { keyspace_name: "streaming", table_name: "windows", ...table },
      { keyspace_name: "system_auth", table_name: "roles", ...table },
      { keyspace_name: "system_auth", table_name: "role_permissions", ...table },
    ],
    "system_schema.columns": columns,
  });
}

describe("cassandra/schema", () => {
  it("creates keyspaces and tables on a new cluster, and says so", async () => {
    const session = new FakeSession({});
    expect(await applySchema(session, declared, "dc1")).to.deep.equal([
      "keyspace streaming: created with replication factor 1",
      "table streaming.windows: created",
    ]);
    expect(session.statements).to.deep.equal([
      `CREATE KEYSPACE IF NOT EXISTS "streaming" WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': '1'}`,
      'CREATE TABLE IF NOT EXISTS "streaming"."windows" ("stream" text, "start" timestamp, "mean" double, ' +
        'PRIMARY KEY (("stream"), "start")) WITH CLUSTERING ORDER BY ("start" DESC) AND default_time_to_live = 3600 ' +
        "AND gc_grace_seconds = 14400 AND compaction = {'class': 'TimeWindowCompactionStrategy', " +
        "'compaction_window_unit': 'MINUTES', 'compaction_window_size': '2'}",
    ]);
  });

  it("changes nothing the second time, whatever defaults the server has added", async () => {
    const session = cluster();
    expect(await applySchema(session, declared, "dc1")).to.deep.equal([]);
    expect(session.statements).to.deep.equal([]);
  });

  it("adds columns that came later, and leaves those that are not declared", async () => {
    const session = cluster({ columns: [...same.columns.slice(0, 2), column("old", "blob")] });
    expect(await applySchema(session, declared, "dc1")).to.deep.equal([
      "table streaming.windows: column mean double added",
    ]);
    expect(session.statements).to.deep.equal(['ALTER TABLE "streaming"."windows" ADD "mean" double']);
  });

  it("adapts time to live, memory of deleted rows and compaction in one statement", async () => {
    const session = cluster({
      table: {
        ...same.table,
        default_time_to_live: 0,
        gc_grace_seconds: 864_000,
        compaction: { ...same.table.compaction, compaction_window_size: "9" },
      },
    });
    expect(await applySchema(session, declared, "dc1")).to.deep.equal([
      "table streaming.windows: new rows now live 3600 s; those that are there keep their time",
      "table streaming.windows: deleted rows are now remembered for 14400 s",
      "table streaming.windows: compaction is now TimeWindowCompactionStrategy MINUTES 2",
    ]);
    expect(session.statements).to.have.length(1);
    expect(session.statements[0]).to.match(/^ALTER TABLE "streaming"\."windows" WITH default_time_to_live = 3600 AND/);
  });

  it("raises the number of copies, with a mark on each table that its rows are to be copied", async () => {
    const session = cluster();
    expect(await applySchema(session, { ...declared, replicationFactor: 3 }, "dc1")).to.deep.equal([
      "keyspace streaming: replication factor is now 3",
    ]);
    expect(session.statements).to.deep.equal([
      `ALTER TABLE "streaming"."windows" WITH comment = 'millrace: rows are being copied'`,
      `ALTER KEYSPACE "streaming" WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': '3'}`,
    ]);
  });

  it("gives every copy all rows before it lowers their number, for the one that stays may lack some", async () => {
    const session = cluster({ replication: { class: strategy, dc1: "3" } });
    await applySchema(session, declared, "dc1");
    expect(session.statements).to.deep.equal([
      'ALL SELECT * FROM "streaming"."windows"',
      `ALTER TABLE "streaming"."windows" WITH comment = 'millrace: rows are being copied'`,
      `ALTER KEYSPACE "streaming" WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': '1'}`,
    ]);
  });

  it("copies the rows of a marked table by reading them from all, also when an earlier setup was broken off", async () => {
    const session = cluster({ table: { ...same.table, comment: "millrace: rows are being copied" } });
    expect(await applySchema(session, declared, "dc1")).to.deep.equal([
      "table streaming.windows: 7 rows are on all nodes that should have them",
    ]);
    expect(session.statements).to.deep.equal([
      'ALL SELECT * FROM "streaming"."windows"',
      `ALTER TABLE "streaming"."windows" WITH comment = ''`,
    ]);
  });

  it("refuses other types and keys, all at once, with the way out, before anything is changed", async () => {
    const session = cluster({
      replication: { class: strategy, dc1: "2" },
      columns: [
        column("stream", "int", "partition_key", 0),
        column("mean", "double", "partition_key", 1),
        column("start", "timestamp", "clustering", 0, "asc"),
      ],
    });
    const error = await applySchema(session, declared, "dc1").catch((reason: unknown) => reason);
    const way = "declare it as it is, or declare a table of another name (or drop streaming.windows, with its rows)";
    expect((error as Error).message.split("\n")).to.deep.equal([
      `table streaming.windows: column stream is int, and its type can't become text; ${way}`,
      `table streaming.windows: its partition key is (stream, mean) and can't become (stream); ${way}`,
      `table streaming.windows: its clustering is (start ASC) and can't become (start DESC); ${way}`,
    ]);
    expect(session.statements).to.deep.equal([]);
  });

  it("copies the accounts to every node that shall have them, by reading them from all", async () => {
    const session = cluster();
    expect(await replicateAccounts(session, 3, "dc1")).to.deep.equal([
      "keyspace system_auth: replication factor is now 3",
    ]);
    expect(session.statements).to.deep.equal([
      `ALTER KEYSPACE "system_auth" WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': '3'}`,
      'ALL SELECT * FROM "system_auth"."roles"',
      'ALL SELECT * FROM "system_auth"."role_permissions"',
    ]);
  });

  it("refuses a declaration with names that CQL does not take", () => {
    const parsed = setupSchema.safeParse({ replicationFactor: 1, keyspaces: { 'a" --': { tables: {} } }, roles: {} });
    expect(parsed.error?.message).to.contain("a name has up to 48 of a-z 0-9 _");
  });
});
