import { expect } from "chai";
import { figuresOf, logsHop, markedLines } from "../../../../components/logs/hops/logs.ts";
import { HopFailure } from "../../../../platform/hops/hop.ts";
import { FakeServer } from "../../../support/fake-server.ts";
import { runHop } from "../../../support/hops.ts";

describe("hop logs", () => {
  let server: FakeServer;
  let written: string[];
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());
  beforeEach(() => {
    written = [];
  });

  const run = "proof-1";
  const hop = () =>
    logsHop({
      store: server.url,
      collector: server.url,
      run,
      lines: 3,
      write: (line) => written.push(line),
      pauseMs: 1,
    });
  const rows = (lines: readonly string[], service = "proof"): string =>
    lines.map((line) => JSON.stringify({ _msg: line, service })).join("\n");
  const reading = { "GET /report": { body: { since: "2026-11-29T10:00:00Z", containers: 7 } } };

  it("writes lines to its own log, a trace too, and passes when each is found once", async () => {
    let looks = 0;
    server.reset({
      ...reading,
      "POST /select/logsql/query": () => ({ body: rows(written.slice(0, ++looks)) }),
    });
    expect((await runHop(hop())).result).to.deep.include({
      count: 3,
      distinct: 3,
      message: "lines of the proof's own log; 7 containers are read",
    });
    expect(written).to.deep.equal(markedLines(run, 3));
    expect(written[2]).to.include("\n");
    expect(decodeURIComponent(server.requests.at(-1)?.body ?? "").replaceAll("+", " ")).to.equal(
      'query=_time:1h "log mark proof-1"',
    );
  });

  it("says why nothing is read", async () => {
    server.reset({ "GET /report": { body: { since: null, problem: "the store can't be reached", containers: 0 } } });
    const { result } = await runHop(hop(), 100);
    expect(result.message).to.include("nothing is read now: the store can't be reached");
  });

  it("fails at once where lines are there twice, are other ones, or are said to be another's", async () => {
    const lines = markedLines(run, 3);
    const found = [...lines, ...lines.slice(0, 1)];
    expect(() => figuresOf(lines, found, 7)).to.throw(HopFailure, "4 entries of 3 different lines are in the store");
    expect(() => figuresOf(lines, ["ERROR log mark proof-1 3"], 7)).to.throw(HopFailure, "is not as it was written");
    expect(() => figuresOf(lines, lines.slice(1), 7)).to.throw("1 of 3 lines are missing in the store");
    server.reset({ ...reading, "POST /select/logsql/query": () => ({ body: rows(written, "kafka") }) });
    expect((await runHop(hop())).result.message).to.include("said to be of kafka");
  });
});
