import { expect } from "chai";
import { readFileSync } from "node:fs";
import { asQuestion, isWork, statementsOf, textProblems } from "../../../../components/flink/programs/statements.ts";

describe("Statements of a job", () => {
  it("end at semicolons, and know the line that they begin in", () => {
    expect(statementsOf("SET 'a' = 'b';\n\n-- what it does\nINSERT INTO t\nSELECT 1;\n")).to.deep.equal([
      { sql: "SET 'a' = 'b'", line: 1 },
      { sql: "-- what it does\nINSERT INTO t\nSELECT 1", line: 3 },
    ]);
  });

  it("have semicolons in texts, names and comments", () => {
    const text = "INSERT INTO `a;b` -- one; two\nSELECT 'it''s; so', /* ; */ 1";
    expect(statementsOf(text)).to.deep.equal([{ sql: text, line: 1 }]);
  });

  it("are one where they are a set", () => {
    const set =
      "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT CASE WHEN x THEN 1 END FROM c; END";
    const older = "BEGIN STATEMENT SET; INSERT INTO a SELECT 1; END";
    expect(statementsOf(`USE lake;\n${set};`).map(({ sql }) => sql)).to.deep.equal(["USE lake", set]);
    expect(statementsOf(`${older};`).map(({ sql }) => sql)).to.deep.equal([older]);
  });

  it("are none in comments alone", () => {
    expect(statementsOf("-- nothing\n; /* neither */")).to.deep.equal([]);
  });

  it("become questions that change nothing", () => {
    expect(asQuestion("INSERT INTO t SELECT 1")).to.equal("EXPLAIN INSERT INTO t SELECT 1");
    expect(asQuestion("EXECUTE STATEMENT SET BEGIN x; END")).to.equal("EXPLAIN STATEMENT SET BEGIN x; END");
  });

  it("that write once, at the end, make a job", () => {
    const problems = (text: string) => textProblems(statementsOf(text));
    expect(problems("CREATE TABLE t (a INT); INSERT INTO t SELECT 1;")).to.deep.equal([]);
    expect(problems("")).to.deep.equal([
      "its SQL is empty; end it with an INSERT, or EXECUTE STATEMENT SET BEGIN … END for several",
    ]);
    expect(problems("USE a;\nSHOW TABLES")).to.deep.equal([
      "line 2: it ends with a statement that writes nothing; end it with an INSERT",
    ]);
    expect(problems("USE a;\nINSERT INTO t SELECT 1;\nINSERT INTO u SELECT 1")).to.deep.equal([
      "line 2: a job has one INSERT, at its end; put several into EXECUTE STATEMENT SET BEGIN … END",
    ]);
  });

  it("of the race's windows are a job", () => {
    const text = readFileSync("components/race-windows/programs/race_windows.sql", "utf8");
    expect(textProblems(statementsOf(text))).to.deep.equal([]);
    expect(statementsOf(text).filter(({ sql }) => isWork(sql))).to.have.length(1);
  });
});
