import { expect } from "chai";
import { Book } from "../../../../components/audit-log/programs/book.ts";
import { Clerk, type Source } from "../../../../components/audit-log/programs/clerk.ts";
import { AuditTable } from "../../../../components/audit-log/programs/table.ts";
import type { Deed } from "../../../../platform/auditing.ts";

const deed = (id: string, object = ""): Deed => ({
  ...{ id, at: "2026-11-29T01:00:00.000Z", user: "ana", action: "ran a query" },
  ...{ object, outcome: "ok" },
});

describe("what asks what people did", () => {
  let said: string[];
  let statements: string[];
  let isAway: boolean;
  let known: Record<string, string>[];
  beforeEach(() => {
    [said, statements, isAway, known] = [[], [], false, []];
  });

  const clerk = (sources: readonly Source[], hasTable = true): Clerk => {
    const query = (statement: string): Promise<Record<string, string>[]> => {
      if (isAway) return Promise.reject(new Error("Presto is away"));
      statements.push(statement);
      return Promise.resolve(statement.startsWith("SELECT") ? known : []);
    };
    return new Clerk({
      sources,
      book: new Book(new Date("2026-11-29T00:00:00Z")),
      table: hasTable ? new AuditTable({ query }, "lake") : undefined,
      keepDays: 90,
      masked: (text) => text.replaceAll("hunter2", "[secret]"),
      log: (line) => said.push(line),
      limitMs: 30,
    });
  };
  const source = (service: string, ...deeds: readonly Deed[]): Source => ({
    service,
    ask: () => Promise.resolve([...deeds]),
  });
  const { signal } = new AbortController();
  const inserts = (): string[] => statements.filter((one) => one.startsWith("INSERT"));

  it("says each deed once, in a line, without secrets, and writes it", async () => {
    const asked = clerk([source("presto", deed("1", "SELECT\n 'hunter2'"))]);
    await asked.look(signal);
    await asked.look(signal);
    expect(said).to.deep.equal(["2026-11-29T01:00:00.000Z presto: ana ran a query (ok): SELECT '[secret]'"]);
    expect(await asked.write(signal)).to.equal(1);
    expect(inserts()).to.have.length(1);
    expect(inserts()[0]).to.include("SELECT\n ''[secret]''");
    expect(await asked.write(signal)).to.equal(0);
  });

  it("goes on with the others where one hangs or fails, and says so once", async () => {
    const asked = clerk([
      { service: "hangs", ask: () => new Promise(() => undefined) },
      { service: "fails", ask: () => Promise.reject(new Error("no")) },
      source("presto", deed("1")),
    ]);
    await asked.look(signal);
    await asked.look(signal);
    expect(said).to.have.members([
      "fails: no",
      "2026-11-29T01:00:00.000Z presto: ana ran a query (ok)",
      "hangs: no answer within 0.03 s",
    ]);
    const up = asked.samples().filter(({ name }) => name === "audit_source_up");
    expect(up.map(({ labels, value }) => [labels?.["service"], value])).to.deep.equal([
      ["hangs", 0],
      ["fails", 0],
      ["presto", 1],
    ]);
  });

  it("asks nobody until it knows what the table has, so that nothing is told twice", async () => {
    known = [{ service: "presto", id: "1", at: "2026-11-29T01:00:00.000" }];
    isAway = true;
    const asked = clerk([source("presto", deed("1"), deed("2"))]);
    await asked.look(signal);
    expect(said).to.deep.equal(["the table: Presto is away"]);
    isAway = false;
    await asked.look(signal);
    expect(said.slice(1)).to.deep.equal([
      "the table: answers again",
      "2026-11-29T01:00:00.000Z presto: ana ran a query (ok)",
    ]);
  });

  it("keeps what can't be written, and writes it later", async () => {
    const asked = clerk([source("presto", deed("1"))]);
    await asked.look(signal);
    isAway = true;
    await asked.tryToWrite(signal);
    expect(said.at(-1)).to.equal("the table: Presto is away");
    expect(asked.samples()).to.deep.include({ name: "audit_waiting", value: 1 });
    isAway = false;
    await asked.tryToWrite(signal);
    expect(said.at(-1)).to.equal("the table: answers again");
    expect(asked.samples()).to.deep.include({ name: "audit_waiting", value: 0 });
    expect(asked.samples()).to.deep.include({
      name: "audit_deeds_total",
      labels: { service: "presto", action: "ran a query" },
      value: 1,
    });
  });

  it("says deeds without any lake", async () => {
    const asked = clerk([source("jupyterhub", deed("1"))], false);
    await asked.look(signal);
    expect(said).to.have.length(1);
    expect(await asked.write(signal)).to.equal(0);
  });
});
