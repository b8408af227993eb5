import { expect } from "chai";
import type { Hop } from "../../../../platform/hops/hop.ts";
import { lakeCleanups, lakeHop, reasonsDifference } from "../../../../components/windows/hops/lake-windows.ts";
import type { MarkedNumbers } from "../../../../components/random-numbers/hops/marked-numbers.ts";
import { windowsOf } from "../../../../components/windows/hops/windows.ts";
import { PrestoError } from "../../../../components/presto/programs/presto-client.ts";
import type { PrestoClient, PrestoValue } from "../../../../components/presto/programs/presto-client.ts";
import { runHop, sentNumbers } from "../../../support/hops.ts";

type Row = Record<string, PrestoValue>;

/** As Presto writes a time. */
const time = (ms: number): string => new Date(ms).toISOString().replace("T", " ").replace("Z", "");

describe("hop lake", () => {
  let numbers: MarkedNumbers;
  let hop: Hop;
  let queries: string[];
  /** By table. */
  let answers: Record<string, Row[] | Error>;
  let presto: PrestoClient;
  beforeEach(() => {
    // One of four kinds of poison is a record without a value, which no request can carry.
    numbers = sentNumbers(10, 4);
    queries = [];
    // Two batches have had a part of the numbers each.
    const parts = [numbers.records.slice(0, 4), numbers.records.slice(4)].flatMap((part) => windowsOf(part, 10));
    answers = {
      "random_numbers.samples": numbers.records.map(({ id, ts, value }) => ({ id, ts: time(ts), value })),
      "streaming.windows": parts.map((part) => ({ ...part, start: time(part.start) })),
      "random_numbers.dead_letter": numbers.poison.map(({ reason }) => ({ error: `${reason}: and more` })),
    };
    presto = {
      query: (sql: string) => {
        queries.push(sql);
        const answer = answers[/ FROM (\S+)/.exec(sql)?.[1] ?? ""] ?? [];
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    } as unknown as PrestoClient;
    hop = lakeHop({ presto, numbers, windowSeconds: 10, pauseMs: 5 });
  });

  const failureOf = async (): Promise<string> => (await runHop(hop, 100)).result.message;
  const change = (table: string, changes: (rows: Row[]) => Row[]): void => {
    const rows = answers[table];
    if (Array.isArray(rows)) answers[table] = changes(rows);
  };

  it("holds when SQL sees each number once, the windows that it computes, and each reason", async () => {
    const { result } = await runHop(hop);
    expect(result).to.include({ hop: "lake", ok: true, count: 10, distinct: 10 });
    expect(result.message).to.equal(
      "by SQL on random_numbers.samples, 2 windows of 3 parts as computed, 3 poison ones each with its reason",
    );
    expect(queries.every((sql) => sql.includes(`run = '${numbers.run}'`))).to.equal(true);
  });

  it("blames the stream when Presto answers and the rows are not there", async () => {
    change("random_numbers.samples", () => []);
    expect(await failureOf()).to.match(
      /^not done within \d+ s, the whole time of the proof: SQL sees 0 of 10 records in random_numbers\.samples: the stream windows or its checkpoint is at fault$/,
    );
  });

  it("refuses a number that is there twice, as of an append that was repeated", async () => {
    change("random_numbers.samples", (rows) => [...rows, ...rows]);
    expect(await failureOf()).to.contain(
      "SQL sees 20 records where 10 were sent: duplicates in random_numbers.samples",
    );
  });

  it("refuses a number of another time", async () => {
    change("random_numbers.samples", (rows) => rows.map((row) => ({ ...row, ts: "2026-11-21 12:00:00.000" })));
    expect(await failureOf()).to.contain(
      "SQL sees record n-0 of 2026-11-21T12:00:00.000Z, sent was 2026-11-21T12:00:05.000Z in random_numbers.samples",
    );
  });

  it("refuses windows that lack a part or have one twice", async () => {
    change("streaming.windows", (rows) => rows.slice(1));
    expect(await failureOf()).to.contain("with count 1, right is 5 in streaming.windows");
    change("streaming.windows", (rows) => [...rows, ...rows]);
    expect(await failureOf()).to.contain("in streaming.windows");
  });

  it("refuses poison that is missing, doubled or has another reason", async () => {
    change("random_numbers.dead_letter", (rows) => rows.slice(1));
    expect(await failureOf()).to.contain("SQL sees 2 of 3 poison records in random_numbers.dead_letter");
    expect(reasonsDifference(["not JSON", "not JSON", "unknown version"], numbers)).to.equal(
      'no poison record with the reason "bad time", but "not JSON"',
    );
    expect(reasonsDifference(["bad time: x", "unknown version: 0", "not JSON"], numbers)).to.equal(undefined);
  });

  it("tells a missing table from an empty one, and both from an outage", async () => {
    answers["streaming.windows"] = new PrestoError("SYNTAX_ERROR", "Table lake.streaming.windows does not exist");
    expect(await failureOf()).to.contain(
      "table streaming.windows is missing or is not what it should be (SYNTAX_ERROR: Table lake.streaming.windows does not exist)",
    );
    answers["random_numbers.samples"] = new Error("Presto at http://presto:8080 can't be reached: nothing runs there");
    expect(await failureOf()).to.match(
      /^not done within \d+ s, the whole time of the proof: Presto at http:\/\/presto:8080 can't be reached: nothing runs there$/,
    );
  });

  it("removes the rows of its runs from all three tables, and what old proofs left", async () => {
    numbers.startAnew();
    const [first = "", second = ""] = numbers.runs;
    const old = "proof-1790000000000-00000000";
    const known = [first, second, old, `proof-${Date.now()}-00000000`].map((run) => ({ run }));
    const tables = ["random_numbers.samples", "random_numbers.dead_letter", "streaming.windows"];
    for (const table of tables) answers[table] = known;
    for (const step of lakeCleanups(presto, numbers)) await step.run(AbortSignal.timeout(5000));
    expect(queries.filter((sql) => sql.startsWith("DELETE"))).to.deep.equal(
      tables.map((table) => `DELETE FROM ${table} WHERE run IN ('${first}', '${second}', '${old}')`),
    );
  });

  it("has nothing to remove from a table that is not there", async () => {
    answers["streaming.windows"] = new PrestoError("TABLE_NOT_FOUND", "no such table");
    await lakeCleanups(presto, numbers).at(-1)?.run(AbortSignal.timeout(5000));
    expect(queries).to.have.length(1);
  });
});
