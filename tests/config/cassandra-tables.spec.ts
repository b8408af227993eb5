import { expect } from "chai";
import { keyspaceProblems } from "../../components/cassandra/cassandra-keyspaces.ts";
import { cassandraTables } from "../../config/cassandra-tables.ts";
import { tableOptions } from "../../components/cassandra/programs/cql.ts";
import { setupSchema } from "../../components/cassandra/programs/declaration.ts";

describe("config/cassandra-tables", () => {
  it("declares tables that Cassandra and the setup take", () => {
    for (const keepHours of [1, 24, 720]) {
      const keyspaces = cassandraTables({ keepHours });
      expect(keyspaceProblems(keyspaces, {})).to.deep.equal([]);
      expect(setupSchema.safeParse({ replicationFactor: 1, keyspaces, roles: {} }).error).to.equal(undefined);
    }
  });

  it("lets the streams' rows end after the time given, in some thirty files, and keeps the census", () => {
    const { streaming, census } = setupSchema.parse({
      replicationFactor: 1,
      keyspaces: cassandraTables({ keepHours: 24 }),
      roles: {},
    }).keyspaces;
    const tables = Object.entries(streaming?.tables ?? {});
    expect(tables.map(([name]) => name)).to.deep.equal(["windows", "records", "series"]);
    for (const [name, table] of tables) {
      expect(tableOptions(table).ttlSeconds, name).to.equal(86_400);
      expect(tableOptions(table).compaction, name).to.include({
        class: "TimeWindowCompactionStrategy",
        compaction_window_size: "48",
      });
    }
    expect(census?.tables["summary"]?.ttlSeconds).to.equal(undefined);
  });

  it("identifies a part of a window by its window and its first record, and a record by all that tells two apart", () => {
    const { windows, records } = cassandraTables({ keepHours: 1 })["streaming"]?.tables ?? {};
    expect(windows?.partitionKey).to.deep.equal(["stream", "series", "metric", "hour"]);
    expect(windows?.clustering?.map(({ column }) => column)).to.deep.equal(["window_start", "part"]);
    expect(records?.partitionKey).to.deep.equal(["stream", "series", "minute"]);
    expect(records?.clustering?.map(({ column }) => column)).to.deep.equal(["ts", "id", "metric", "node"]);
  });
});
