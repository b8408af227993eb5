import { expect } from "chai";
import { branchesOf } from "../../check/branches.ts";
import { readConfig } from "../../check/config.ts";
import { startRun } from "../../platform/hops/run.ts";
import { runBranches } from "../../check/runner.ts";
import { FakeServer } from "../support/fake-server.ts";

describe("the branches of a proof", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());

  it("take what Presto gets done of a hop's first three statements for progress, and then its answers only", async () => {
    const config = readConfig({
      PROOF_CONFIG: JSON.stringify({ rooms: { presto: { url: server.url }, telemetry: { intervalSeconds: 1 } } }),
    });
    const stop = new AbortController();
    let statements = 0;
    const page = (splits: number, more: object): object => ({
      body: { stats: { state: "RUNNING", completedSplits: splits, totalSplits: 4, processedRows: 0 }, ...more },
    });
    server.reset({
      "POST /v1/statement": () => {
        if (++statements === 5) stop.abort();
        return page(statements, { nextUri: `${server.url}/next` });
      },
      "GET /next": () => page(4, { columns: [{ name: "source" }] }),
    });
    const progress: string[] = [];
    const [branch] = branchesOf(config, startRun());
    await runBranches(branch === undefined ? [] : [branch], {
      signal: stop.signal,
      onProgress: (hop, words) => progress.push(`${hop}: ${words}`),
    });
    expect(progress.filter((words) => words.includes("Presto is at"))).to.deep.equal([
      "telemetry: Presto is at statement 1, RUNNING: 1 of 4 splits, 0 rows",
      "telemetry: Presto is at statement 1, RUNNING: 4 of 4 splits, 0 rows",
      "telemetry: Presto is at statement 2, RUNNING: 2 of 4 splits, 0 rows",
      "telemetry: Presto is at statement 2, RUNNING: 4 of 4 splits, 0 rows",
      "telemetry: Presto is at statement 3, RUNNING: 3 of 4 splits, 0 rows",
      "telemetry: Presto is at statement 3, RUNNING: 4 of 4 splits, 0 rows",
    ]);
  });
});
