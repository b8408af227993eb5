import { expect } from "chai";
import type { Cassandra, CassandraValue } from "../../../../components/cassandra/hops/cassandra-client.ts";
import { HopFailure } from "../../../../platform/hops/hop.ts";
import type { Hop } from "../../../../platform/hops/hop.ts";
import { cassandraCleanup, cassandraHop } from "../../../../components/cassandra/hops/cassandra.ts";
import type { MarkedNumbers } from "../../../../components/random-numbers/hops/marked-numbers.ts";
import { hourStart, runHop, sentNumbers } from "../../../support/hops.ts";

type Row = Readonly<Record<string, CassandraValue>>;

/** Rows by table, asked and removed by the equalities of a statement. */
class FakeCassandra implements Cassandra {
  readonly where = "Cassandra at cassandra:9042";
  readonly tables: Record<string, Row[]> = {};
  /** What every statement fails with. @default - it is answered */
  failure: Error | undefined;
  isClosed = false;

  query(cql: string, parameters: readonly CassandraValue[]): Promise<Row[]> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const [, verb, table = ""] =
      /^(SELECT|DELETE)\b.* FROM (\S+) WHERE/.exec(cql.replace("DELETE FROM", "DELETE  FROM")) ?? [];
    const columns = [...cql.matchAll(/(\w+) = \?/g)].map(([, column = ""]) => column);
    const isMeant = (row: Row): boolean =>
      columns.every((column, index) => textOf(row[column]) === textOf(parameters[index]));
    const rows = this.tables[table] ?? [];
    const found = rows.filter(isMeant);
    if (verb === "SELECT") return Promise.resolve(found);
    this.tables[table] = rows.filter((row) => !isMeant(row));
    return Promise.resolve([]);
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

function textOf(value: CassandraValue | undefined): string {
  return value instanceof Date ? value.toISOString() : String(value);
}

/** What the stream writes for the numbers; two batches have had a part of them each. */
function written({
  run,
  records,
}: MarkedNumbers): Record<"streaming.records" | "streaming.windows" | "streaming.series", Row[]> {
  const key = { stream: "random-numbers", series: run };
  const part = (name: string, start: number, values: readonly number[]): Row => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return {
      ...key,
      metric: "uniform",
      hour: new Date(hourStart),
      window_start: new Date(hourStart + start),
      part: name,
      window_seconds: 10,
      count: values.length,
      mean,
      deviation: values.length < 2 ? null : Math.sqrt(squares / (values.length - 1)),
      minimum: Math.min(...values),
      maximum: Math.max(...values),
    };
  };
  const values = records.map(({ value }) => value);
  return {
    "streaming.records": records.map(({ id, ts, value }) => ({
      ...key,
      minute: new Date(hourStart),
      ts: new Date(ts),
      id,
      metric: "uniform",
      value,
    })),
    // The numbers are a second apart and begin at 12:00:05.
    "streaming.windows": [
      part("0-0", 0, values.slice(0, 3)),
      part("0-3", 0, values.slice(3, 5)),
      part("1-7", 10_000, values.slice(5)),
    ],
    "streaming.series": [{ ...key, metric: "uniform" }],
  };
}

describe("hop cassandra", () => {
  let cassandra: FakeCassandra;
  let numbers: MarkedNumbers;
  let hop: Hop;
  beforeEach(() => {
    cassandra = new FakeCassandra();
    numbers = sentNumbers();
    Object.assign(cassandra.tables, written(numbers));
    hop = cassandraHop({ cassandra, numbers, windowSeconds: 10, pauseMs: 5 });
  });

  const failureOf = async (): Promise<string> => (await runHop(hop, 100)).result.message;
  const change = (table: string, changes: (rows: Row[]) => Row[]): void => {
    cassandra.tables[table] = changes(cassandra.tables[table] ?? []);
  };

  it("holds when each number is there once and the parts make the windows that it computes", async () => {
    const { result } = await runHop(hop);
    expect(result).to.include({ hop: "cassandra", ok: true, count: 10, distinct: 10 });
    expect(result.message).to.equal("in streaming.records, and 2 windows of 3 parts as computed from them");
  });

  it("looks into each minute and hour of the numbers, and leaves other metrics alone", async () => {
    change("streaming.records", (rows) => [...rows, { ...rows[0], id: "other", metric: "normal", value: 1 }]);
    const late = numbers.records.map((record, index) =>
      index < 9 ? record : { ...record, ts: hourStart + 3_600_000 },
    );
    numbers.startAnew();
    numbers.add(late);
    Object.assign(cassandra.tables, written(numbers));
    change("streaming.records", (rows) =>
      rows.map((row) => ({ ...row, minute: new Date(Math.floor(Number(row["ts"]) / 60_000) * 60_000) })),
    );
    change("streaming.windows", (rows) => {
      const [first, second, third] = rows;
      const last = late[9]?.value ?? 0;
      const alone = { count: 1, mean: last, deviation: null, minimum: last, maximum: last };
      const at = new Date(hourStart + 3_600_000);
      const rest = late.slice(5, 9).map(({ value }) => value);
      const mean = rest.reduce((sum, value) => sum + value, 0) / 4;
      const deviation = Math.sqrt(rest.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3);
      const changed = { ...third, count: 4, mean, deviation, minimum: Math.min(...rest), maximum: Math.max(...rest) };
      return [first ?? {}, second ?? {}, changed, { ...third, ...alone, hour: at, window_start: at, part: "2-0" }];
    });
    const { result } = await runHop(hop);
    expect(result).to.include({ ok: true, count: 10 });
    expect(result.message).to.contain("3 windows of 4 parts");
  });

  it("blames the stream when Cassandra answers and holds nothing", async () => {
    change("streaming.records", () => []);
    expect(await failureOf()).to.match(
      /^not done within \d+ s, the whole time of the proof: Cassandra at cassandra:9042 answers, but its table streaming\.records holds 0 of 10 records: the stream windows or its checkpoint is at fault$/,
    );
  });

  it("waits for what is still under way, and says what for", async () => {
    const all = cassandra.tables["streaming.records"] ?? [];
    change("streaming.records", (rows) => rows.slice(4));
    setTimeout(() => {
      cassandra.tables["streaming.records"] = all;
    }, 50);
    const { result, progress } = await runHop(hop);
    expect(result).to.include({ ok: true, count: 10 });
    expect(progress).to.deep.equal([
      "Cassandra at cassandra:9042 answers, but its table streaming.records holds 6 of 10 records: " +
        "the stream windows or its checkpoint is at fault",
    ]);
  });

  it("refuses a number that is there twice, or with another value", async () => {
    const rows = cassandra.tables["streaming.records"] ?? [];
    change("streaming.records", () => [...rows, { ...rows[0], ts: new Date(hourStart) }]);
    expect(await failureOf()).to.contain("holds 11 records where 10 were sent: duplicates");
    change("streaming.records", () => rows.map((row, index) => (index === 3 ? { ...row, value: 2000 } : row)));
    expect(await failureOf()).to.contain("holds values differ: checksum");
  });

  it("refuses windows that lack a part, have one twice, or other figures", async () => {
    const rows = cassandra.tables["streaming.windows"] ?? [];
    change("streaming.windows", () => rows.slice(1));
    expect(await failureOf()).to.contain("holds the window of 2026-11-21T12:00:00.000Z with count 2, right is 5");
    change("streaming.windows", () => [...rows, { ...rows[2], part: "2-7" }]);
    expect(await failureOf()).to.contain("holds the window of 2026-11-21T12:00:10.000Z with count 10, right is 5");
    change("streaming.windows", () => rows.map((row) => ({ ...row, mean: Number(row["mean"]) + 1e-3 })));
    expect(await failureOf()).to.contain("the window of 2026-11-21T12:00:00.000Z with mean ");
    change("streaming.windows", () => rows.slice(0, 2));
    expect(await failureOf()).to.contain("holds 1 of 2 windows; that of 2026-11-21T12:00:10.000Z is missing");
  });

  it("tells an outage from an empty table, and a missing table from both", async () => {
    cassandra.failure = new Error("Cassandra at cassandra:9042 can't be reached: connect ECONNREFUSED");
    expect(await failureOf()).to.match(
      /^not done within \d+ s, the whole time of the proof: Cassandra at cassandra:9042 can't be reached: connect ECONNREFUSED/,
    );
    cassandra.failure = new HopFailure("Cassandra at cassandra:9042 lacks a table or a column: no streaming.records");
    expect(await failureOf()).to.equal("Cassandra at cassandra:9042 lacks a table or a column: no streaming.records");
  });

  describe("cleans up", () => {
    const signal = AbortSignal.timeout(5000);

    it("what the proof sent in both streams, listed or not, and what old proofs left, and nothing else", async () => {
      const old = "proof-1790000000000-00000000";
      const began = 1_790_000_000_000;
      const minute = new Date(Math.floor(began / 60_000) * 60_000 + 60_000);
      const hour = new Date(Math.floor(began / 3_600_000) * 3_600_000);
      const left = { stream: "monitoring", series: old, metric: "proof.sequence" };
      const others = [
        { stream: "random-numbers", series: "pumps", metric: "uniform" },
        { stream: "random-numbers", series: `proof-${hourStart - 60_000}-00000000`, metric: "uniform" },
      ];
      change("streaming.series", () => [left, ...others]);
      change("streaming.records", (rows) => [
        ...rows,
        { ...left, minute, id: "old" },
        { ...others[0], minute: new Date(hourStart), id: "pump" },
        { stream: "monitoring", series: numbers.run, minute: new Date(hourStart), id: "telemetry" },
      ]);
      change("streaming.windows", (rows) => [...rows, { ...left, hour }, { ...others[0], hour: new Date(hourStart) }]);
      await cassandraCleanup(cassandra, numbers).run(signal);
      expect(cassandra.tables["streaming.series"]).to.deep.equal(others);
      expect(cassandra.tables["streaming.records"]?.map(({ id }) => id)).to.deep.equal(["pump"]);
      expect(cassandra.tables["streaming.windows"]).to.deep.equal([{ ...others[0], hour: new Date(hourStart) }]);
      expect(cassandra.isClosed).to.equal(true);
    });

    it("and ends the connection also when it can't", async () => {
      cassandra.failure = new Error("can't be reached");
      const error = await cassandraCleanup(cassandra, numbers)
        .run(signal)
        .catch((reason: unknown) => reason);
      expect(error).to.equal(cassandra.failure);
      expect(cassandra.isClosed).to.equal(true);
    });
  });
});
