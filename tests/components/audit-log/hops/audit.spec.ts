import { expect } from "chai";
import { auditHop } from "../../../../components/audit-log/hops/audit.ts";
import { FakeServer } from "../../../support/fake-server.ts";
import { runHop } from "../../../support/hops.ts";

describe("hop audit", () => {
  let server: FakeServer;
  let statements: string[];
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());
  beforeEach(() => {
    statements = [];
    server.reset({ "POST /write": { body: { rows: 1 } } });
  });

  const run = "proof-1";
  const hop = (rows: () => Record<string, string>[]) =>
    auditHop({
      url: server.url,
      presto: {
        query: (statement: string) => {
          statements.push(statement);
          return Promise.resolve(statement.includes("audit.events") ? rows() : []);
        },
      },
      run,
      pauseMs: 1,
    });

  it("runs a marked statement once, and passes when the table says who ran it", async () => {
    let looks = 0;
    const { result } = await runHop(hop(() => (++looks < 3 ? [] : [{ user_name: "proof", outcome: "ok" }])));
    expect(result).to.deep.include({ ok: true, message: "who ran a statement is in lake.audit.events" });
    expect(statements.filter((one) => one === "SELECT 'proof-1' AS audited")).to.have.length(1);
    expect(statements.at(-1)).to.include("object = 'SELECT ''proof-1'' AS audited'");
  });

  it("fails where somebody else is said to have run it, or it is there twice", async () => {
    const other = await runHop(hop(() => [{ user_name: "ana", outcome: "ok" }]));
    expect(other.result.message).to.include('the table says that "ana" ran the marked statement (ok), not proof (ok)');
    const row = { user_name: "proof", outcome: "ok" };
    expect((await runHop(hop(() => [row, row]))).result.message).to.include("is in the table 2 times");
  });

  it("says that it is not there, and why nothing is written", async () => {
    expect(
      (
        await runHop(
          hop(() => []),
          100,
        )
      ).result.message,
    ).to.include("is not in lake.audit.events yet");
    server.reset({ "POST /write": { status: 503, body: "the table: Presto is away" } });
    expect(
      (
        await runHop(
          hop(() => []),
          100,
        )
      ).result.message,
    ).to.match(/can't write its table.*Presto is away/);
  });
});
