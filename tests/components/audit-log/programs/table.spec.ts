import { expect } from "chai";
import { AuditTable } from "../../../../components/audit-log/programs/table.ts";

describe("the table of deeds", () => {
  const made = (rows: Record<string, string>[] = []) => {
    const statements: string[] = [];
    const sql = {
      query: (statement: string) => {
        statements.push(statement);
        return Promise.resolve(rows);
      },
    };
    return { statements, table: new AuditTable(sql, "lake") };
  };
  const entry = {
    ...{ id: "1", at: "2026-11-29T18:00:00.123Z", service: "presto", user: "o'neil", action: "ran a query" },
    ...{ object: "SELECT 'x'\n--\0;", outcome: "ok" },
  };

  it("is made once", async () => {
    const { table, statements } = made();
    await table.make();
    await table.make();
    expect(statements.map((one) => one.slice(0, 45))).to.deep.equal([
      "CREATE SCHEMA IF NOT EXISTS lake.audit",
      "CREATE TABLE IF NOT EXISTS lake.audit.events ",
    ]);
    // Of a table that is partitioned by day(at) Presto would delete all rows.
    expect(statements[1]).to.match(/partitioning = ARRAY\['day'\]/);
  });

  it("takes those that it lacks, whatever signs they have", async () => {
    const { table, statements } = made();
    await table.add([entry, { ...entry, id: "2", at: "2026-11-28T23:59:59Z", object: "y".repeat(5000) }]);
    const [statement = ""] = statements;
    expect(statement).to.include(
      "('1', TIMESTAMP '2026-11-29 18:00:00.123', 'presto', 'o''neil', 'ran a query', 'SELECT ''x''\n--;', 'ok', DATE '2026-11-29')",
    );
    expect(statement)
      .to.include("('2', TIMESTAMP '2026-11-28 23:59:59', ")
      .and.to.include(`'${"y".repeat(4000)}'`);
    expect(statement).to.include(
      "WHERE old.day >= DATE '2026-11-28' AND old.service = new.service AND old.id = new.id",
    );
  });

  it("says what it has", async () => {
    const { table, statements } = made([{ service: "presto", id: "1" }]);
    expect(await table.known(new Date("2026-11-29T17:00:00Z"))).to.deep.equal([{ service: "presto", id: "1" }]);
    expect(statements[0]).to.match(/WHERE day >= DATE '2026-11-29' AND at >= TIMESTAMP '2026-11-29 17:00:00\.000'$/);
  });

  it("forgets whole days", async () => {
    const { table, statements } = made();
    await table.forget(new Date("2026-09-01T13:00:00Z"));
    expect(statements).to.deep.equal(["DELETE FROM lake.audit.events WHERE day < DATE '2026-09-01'"]);
  });
});
