import { expect } from "chai";
import { keyspaceProblems } from "../../components/cassandra/cassandra-keyspaces.ts";
import { tableOptions } from "../../components/cassandra/programs/cql.ts";
import { setupSchema } from "../../components/cassandra/programs/declaration.ts";
import type { CassandraSource } from "../../components/cassandra/endpoint.ts";
import { loadConfig } from "../../config/index.ts";
import { declaredTables, type TableRole } from "../../config/tables.ts";

const declared = (keepHours: number) =>
  declaredTables(loadConfig({ "millrace:profile": "pipeline", "millrace:services": { windows: { keepHours } } }));

describe("the tables and roles that rooms declare", () => {
  it("are taken by Cassandra and its setup", () => {
    for (const keepHours of [1, 24, 720]) {
      const { keyspaces, roles } = declared(keepHours);
      expect(keyspaceProblems(keyspaces, roles)).to.deep.equal([]);
      expect(setupSchema.safeParse({ replicationFactor: 1, keyspaces, roles }).error).to.equal(undefined);
    }
  });

  it("let the streams' rows end after the time given, in some thirty files, and keep the census", () => {
    const { streaming, census } = setupSchema.parse({
      replicationFactor: 1,
      ...declared(24),
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

  it("let the race's windows end after the time given, too, and have one row for each engine, car and window", () => {
    const config = loadConfig({ "millrace:services": { raceWindows: { keepHours: 5 } } });
    const { windows } = declaredTables(config).keyspaces["race"]?.tables ?? {};
    expect(windows?.ttlSeconds).to.equal(18_000);
    expect(windows?.compaction).to.deep.equal({ timeWindowMinutes: 10 });
    expect(windows?.partitionKey).to.deep.equal(["engine", "car", "hour"]);
    expect(windows?.clustering).to.deep.equal([{ column: "window_start", order: "DESC" }]);
  });

  it("are the same, in the same order, whichever services are on: another one would run the setup again", () => {
    const { keyspaces, roles } = declared(24);
    expect(Object.keys(keyspaces)).to.deep.equal(["race", "streaming", "census"]);
    expect(JSON.stringify(roles)).to.equal(
      JSON.stringify({
        flink: { race: "readWrite" },
        spark: { streaming: "readWrite", race: "readWrite" },
        census: { census: "readWrite" },
        presto: { streaming: "read", census: "read", race: "read" },
        display: { streaming: "read", census: "read", race: "read" },
        proof: { streaming: "readWrite", census: "readWrite", race: "readWrite" },
      }),
    );
    expect(JSON.stringify(declaredTables(loadConfig({})))).to.equal(JSON.stringify({ keyspaces, roles }));
  });

  it("are typed: who has no role can't be wired", () => {
    const asked: string[] = [];
    const endpoint = {} as ReturnType<CassandraSource<string>["access"]>;
    const rows: CassandraSource<TableRole> = {
      access(consumer) {
        asked.push(consumer);
        return endpoint;
      },
    };
    const presto: CassandraSource<"presto"> = rows;
    // @ts-expect-error -- no room has such a role
    const stranger: CassandraSource<"stranger"> = rows;
    presto.access("presto");
    stranger.access("stranger");
    expect(asked).to.deep.equal(["presto", "stranger"]);
  });

  it("identify a part of a window by its window and its first record, and a record by all that tells two apart", () => {
    const { windows, records } = declared(1).keyspaces["streaming"]?.tables ?? {};
    expect(windows?.partitionKey).to.deep.equal(["stream", "series", "metric", "hour"]);
    expect(windows?.clustering?.map(({ column }) => column)).to.deep.equal(["window_start", "part"]);
    expect(records?.partitionKey).to.deep.equal(["stream", "series", "minute"]);
    expect(records?.clustering?.map(({ column }) => column)).to.deep.equal(["ts", "id", "metric", "node"]);
  });
});
