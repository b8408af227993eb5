import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { prestoHop } from "../../../../components/presto/hops/presto.ts";
import { listing } from "../../../../components/presto/hops/listing.ts";
import { makeMarkedRun, type MarkedRun } from "../../../../components/telemetry/hops/marked-records.ts";
import { PrestoError } from "../../../../components/presto/programs/presto-client.ts";
import type { PrestoClient, PrestoValue } from "../../../../components/presto/programs/presto-client.ts";
import { runBranches } from "../../../../check/runner.ts";
import { type Hop, HopFailure } from "../../../../platform/hops/hop.ts";
import { runHop } from "../../../support/hops.ts";

type Row = Record<string, PrestoValue>;
const table = { catalog: "lake", schema: "telemetry", table: "samples", column: "id" };

describe("hop presto", () => {
  let marked: MarkedRun;
  let answers: [begin: string, answer: Row[] | Error][];
  let asked: string[];
  const presto = {
    query: (sql: string) => {
      asked.push(sql);
      const answer = answers.find(([begin]) => sql.startsWith(begin))?.[1] ?? [];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  } as unknown as PrestoClient;
  const answer = (begin: string, rows: Row[] | Error): void => {
    answers = answers.map(([known, old]) => [known, known === begin ? rows : old]);
  };
  beforeEach(() => {
    asked = [];
    marked = makeMarkedRun({ records: 3, poison: 0 }, new Date(Date.UTC(2026, 10, 21, 12)));
    const records = marked.records.map(({ ts, ...record }): Row => ({
      ...record,
      ts: new Date(ts).toISOString().replace("T", " ").replace("Z", ""),
    }));
    answers = [
      ["SELECT id, run", records],
      ["SHOW TABLES", [{ Table: "dead_letter" }, { Table: "samples" }]],
      ["DESCRIBE", [{ Column: "id", Type: "varchar", Extra: "", Comment: "" }]],
      ["SELECT table_name", [{ table_name: "samples" }]],
      ["SELECT column_name", [{ column_name: "id" }]],
    ];
  });
  const hop = () => prestoHop(presto, presto, marked, table);

  it("holds when SQL sees each record and the table is listed in every way that clients ask", async () => {
    const { result } = await runHop(hop());
    expect(result).to.include({ ok: true, count: 3, distinct: 3 });
    expect(result.message).to.match(
      /^by SQL on samples; SHOW TABLES \d\.\d s, DESCRIBE \d\.\d s, information_schema\.tables \d\.\d s, information_schema\.columns \d\.\d s$/,
    );
    expect(asked).to.include.members([
      "SHOW TABLES FROM lake.telemetry",
      "DESCRIBE lake.telemetry.samples",
      "SELECT table_name FROM lake.information_schema.tables WHERE table_schema = 'telemetry'",
      "SELECT column_name FROM lake.information_schema.columns WHERE table_schema = 'telemetry' AND table_name = 'samples'",
    ]);
  });

  it("lists before the records have come, and again where that went wrong", async () => {
    const arrived = Promise.withResolvers<undefined>();
    const isListed = Promise.withResolvers<undefined>();
    const lists = {
      query: (sql: string) => {
        const isLast = sql.startsWith("SELECT column_name");
        if (isLast) isListed.resolve(undefined);
        return presto.query(sql);
      },
    } as unknown as PrestoClient;
    const path: Hop = {
      name: "catalog",
      timeoutMs: 5000,
      run: () => arrived.promise.then(() => ({ count: 0, distinct: 0, checksum: "0", message: "" })),
    };
    answer("SHOW TABLES", new HopFailure("refused"));
    const proof = runBranches([{ hops: [path, prestoHop(presto, lists, marked, table)], timeoutMs: 10_000 }]);
    await sleep(5);
    expect(asked).to.deep.equal(["SHOW TABLES FROM lake.telemetry"]);
    answer("SHOW TABLES", [{ Table: "samples" }]);
    arrived.resolve(undefined);
    await isListed.promise;
    expect((await proof).hops.map(({ hop: name, ok }) => [name, ok])).to.deep.equal([
      ["catalog", true],
      ["presto", true],
    ]);
    expect(asked[1]).to.match(/^SELECT id, run/);
  });

  it("is missing when the catalog can't list its tables, though SQL sees every record", async () => {
    answer("SHOW TABLES", new PrestoError("HIVE_METASTORE_ERROR", "Comparisons between 'CLOB' and 'CLOB'"));
    const { result } = await runHop(hop(), 500);
    expect(result.ok).to.equal(false);
    expect(result.message).to.contain("Comparisons between 'CLOB' and 'CLOB'");
  });

  it("is missing when the list of tables or of columns leaves the table out", async () => {
    answer("SELECT table_name", [{ table_name: "dead_letter" }]);
    const { result } = await runHop(hop(), 500);
    expect(result.message).to.contain(
      "SELECT table_name FROM lake.information_schema.tables WHERE table_schema = 'telemetry' does not list samples",
    );
    answer("SELECT table_name", [{ table_name: "samples" }]);
    answer("DESCRIBE", []);
    expect((await runHop(hop(), 500)).result.message).to.contain("DESCRIBE lake.telemetry.samples does not list id");
  });

  it("names a list that comes too late in words without a figure, so that waiting for it is no progress", async () => {
    const slow = {
      query: () => sleep(20, [{ Table: "samples" }]),
    } as unknown as PrestoClient;
    const problem = await listing(slow, table, new AbortController().signal, 5);
    expect(problem).to.equal("SHOW TABLES FROM lake.telemetry takes longer than 0.005 s");
  });
});
