import { expect } from "chai";
import { Book } from "../../../../components/audit-log/programs/book.ts";
import { Clerk, type Source } from "../../../../components/audit-log/programs/clerk.ts";
import { AuditTable } from "../../../../components/audit-log/programs/table.ts";
import { PrestoError } from "../../../../components/presto/programs/presto-client.ts";
import type { Deed } from "../../../../platform/auditing.ts";

const BEGIN = new Date("2026-11-29T00:00:00Z");
const deed = (id: string, object = ""): Deed => ({
  ...{ id, at: "2026-11-29T01:00:00.000Z", user: "ana", action: "ran a query" },
  ...{ object, outcome: "ok" },
});
const LINE = "2026-11-29T01:00:00.000Z presto: ana ran a query (ok)";

describe("what asks what people did", () => {
  let said: string[];
  let statements: string[];
  let problem: ((statement: string) => Error | undefined) | undefined;
  let known: Record<string, string>[];
  beforeEach(() => {
    [said, statements, problem, known] = [[], [], undefined, []];
  });

  const away = () => new Error("Presto is away");
  const clerk = (sources: readonly Source[], hasTable = true): Clerk => {
    const query = (statement: string): Promise<Record<string, string>[]> => {
      const wrong = problem?.(statement);
      if (wrong !== undefined) return Promise.reject(wrong);
      statements.push(statement);
      return Promise.resolve(statement.startsWith("SELECT") ? known : []);
    };
    return new Clerk({
      sources,
      book: new Book(BEGIN, hasTable),
      table: hasTable ? new AuditTable({ query }, "lake") : undefined,
      begin: BEGIN,
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
  const figure = (of: Clerk, name: string): number | undefined =>
    of.samples(60_000).find((sample) => sample.name === name)?.value;

  it("says each deed once, in a line, without secrets, and writes it", async () => {
    const asked = clerk([source("presto", deed("1", "SELECT\n 'hunter2'"))]);
    await asked.look(signal);
    await asked.look(signal);
    expect(said).to.deep.equal([`${LINE}: SELECT '[secret]'`]);
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
    expect(said).to.have.members(["fails: no", LINE, "hangs: no answer within 0.03 s"]);
    const up = asked.samples(0).filter(({ name }) => name === "audit_source_up");
    expect(up.map(({ labels, value }) => [labels?.["source"], value])).to.deep.equal([
      ["hangs", 0],
      ["fails", 0],
      ["presto", 1],
    ]);
  });

  it("asks while the table is away, and tells what is new once it knows what the table has", async () => {
    known = [{ service: "presto", id: "1" }];
    problem = away;
    const deeds = [deed("1")];
    const asked = clerk([{ service: "presto", ask: () => Promise.resolve(deeds) }]);
    await asked.look(signal);
    expect(said).to.deep.equal(["the table: Presto is away"]);
    expect(figure(asked, "audit_waiting")).to.equal(1);
    expect(await asked.write(signal).catch(String)).to.equal("Error: Presto is away");
    // What Presto forgets in the meantime.
    deeds.splice(0, 1, deed("2"));
    await asked.look(signal);
    deeds.pop();
    problem = undefined;
    await asked.look(signal);
    expect(said.slice(1)).to.deep.equal([LINE, "the table: answers again"]);
    expect(await asked.write(signal)).to.equal(1);
    expect(inserts()[0]).to.include("('2', ").and.not.to.include("('1', ");
  });

  it("keeps what can't be written, and writes it later", async () => {
    const asked = clerk([source("presto", deed("1"))]);
    await asked.look(signal);
    problem = away;
    await asked.tryToWrite(signal);
    expect(said.at(-1)).to.equal("the table: Presto is away");
    expect(figure(asked, "audit_waiting")).to.equal(1);
    problem = undefined;
    await asked.tryToWrite(signal);
    expect(said.at(-1)).to.equal("the table: answers again");
    expect(figure(asked, "audit_waiting")).to.equal(0);
    expect(asked.samples(0)).to.deep.include({
      name: "audit_deeds_total",
      labels: { source: "presto", action: "ran a query" },
      value: 1,
    });
  });

  it("lets no deed that Presto takes in no way hold up the others", async () => {
    const asked = clerk([source("presto", deed("1"), deed("2", "poison"), deed("3"))]);
    await asked.look(signal);
    problem = (statement) =>
      statement.includes("poison") ? new PrestoError("SYNTAX_ERROR", "what is this") : undefined;
    expect(await asked.write(signal)).to.equal(2);
    expect(inserts().join("\n")).to.include("('1', ").and.to.include("('3', ");
    expect(said.at(-1)).to.equal("the table: does not take a deed of presto (what is this)");
    expect([figure(asked, "audit_waiting"), figure(asked, "audit_dropped_total")]).to.deep.equal([0, 1]);
  });

  it("writes in turn, so that nothing is written twice", async () => {
    const asked = clerk([source("presto", deed("1"))]);
    await asked.look(signal);
    expect(await Promise.all([asked.write(signal), asked.write(signal)])).to.deep.equal([1, 0]);
  });

  it("is late when a write is due for long, and not between two", async () => {
    const asked = clerk([source("presto", deed("1"))]);
    await asked.look(signal);
    const late = (afterMs: number): number | undefined =>
      asked.samples(600_000, Date.now() + afterMs).find(({ name }) => name === "audit_late_seconds")?.value;
    expect(late(500_000)).to.equal(0);
    expect(late(1_200_000)).to.be.closeTo(600, 5);
  });

  it("says deeds without any lake, and keeps none", async () => {
    const asked = clerk([source("jupyterhub", deed("1"))], false);
    await asked.look(signal);
    expect(said).to.have.length(1);
    expect([await asked.write(signal), figure(asked, "audit_waiting")]).to.deep.equal([0, 0]);
  });
});
