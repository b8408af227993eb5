import { expect } from "chai";
import { prestoCassandraHop } from "../../../../components/cassandra/hops/presto-cassandra.ts";
import type { Hop } from "../../../../platform/hops/hop.ts";
import type { MarkedNumbers } from "../../../../components/random-numbers/hops/marked-numbers.ts";
import { PrestoError } from "../../../../components/presto/programs/presto-client.ts";
import type { PrestoClient, PrestoValue } from "../../../../components/presto/programs/presto-client.ts";
import { runHop, sentNumbers } from "../../../support/hops.ts";

type Row = Record<string, PrestoValue>;

const time = (ms: number): string => new Date(ms).toISOString().replace("T", " ").replace("Z", "");

describe("hop presto-cassandra", () => {
  let numbers: MarkedNumbers;
  let hop: Hop;
  let rows: Row[] | Error;
  let queries: string[];
  beforeEach(() => {
    numbers = sentNumbers();
    rows = numbers.records.map(({ id, ts, value }) => ({ id, ts: time(ts), metric: "uniform", value }));
    queries = [];
    const presto = {
      query: (sql: string) => {
        queries.push(sql);
        return rows instanceof Error ? Promise.reject(rows) : Promise.resolve(rows);
      },
    } as unknown as PrestoClient;
    hop = prestoCassandraHop({ presto, catalog: "cassandra", numbers, pauseMs: 5 });
  });

  const failureOf = async (): Promise<string> => (await runHop(hop, 100)).result.message;

  it("holds when SQL sees each number once, and asks for the partitions of the run alone", async () => {
    if (Array.isArray(rows)) rows.push({ id: "other", ts: time(0), metric: "normal", value: 1 });
    const { result } = await runHop(hop);
    expect(result).to.include({ hop: "presto-cassandra", ok: true, count: 10, distinct: 10 });
    expect(result.message).to.equal("by SQL on cassandra.streaming.records");
    expect(queries).to.deep.equal([
      "SELECT id, CAST(ts AS varchar) AS ts, metric, value FROM cassandra.streaming.records " +
        `WHERE stream = 'random-numbers' AND series = '${numbers.run}' AND minute IN (TIMESTAMP '2026-11-21 12:00:00.000')`,
    ]);
  });

  it("blames the catalog for rows that are missing, and for a value or a time that is another", async () => {
    const all = rows as Row[];
    rows = all.slice(1);
    expect(await failureOf()).to.contain(
      "SQL sees 9 of 10 records in cassandra.streaming.records, and Cassandra itself has them: Presto's catalog cassandra is at fault",
    );
    rows = all.map((row, index) => (index === 3 ? { ...row, ts: "2026-11-21 12:00:00.000" } : row));
    expect(await failureOf()).to.contain("SQL sees record n-3 of 2026-11-21T12:00:00.000Z, sent was");
    rows = all.map((row, index) => (index === 3 ? { ...row, value: Number(row["value"]) + 1e-9 } : row));
    expect(await failureOf()).to.contain("SQL sees record n-3 with the value");
  });

  it("says what Presto says when it can't read the table, and tells an outage of Presto from that", async () => {
    rows = new PrestoError("SCHEMA_NOT_FOUND", "Schema streaming does not exist");
    expect(await failureOf()).to.contain(
      "Presto can't read cassandra.streaming.records (SCHEMA_NOT_FOUND: Schema streaming does not exist): Presto's catalog cassandra is at fault",
    );
    rows = new Error("Presto at http://presto:8080 can't be reached: nothing runs there");
    expect(await failureOf()).to.match(/: Presto at http:\/\/presto:8080 can't be reached: nothing runs there$/);
  });
});
