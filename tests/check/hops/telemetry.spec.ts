import { expect } from "chai";
import { telemetryHop, telemetryProblem, type SourceRow } from "../../../check/hops/telemetry.ts";
import type { PrestoClient, PrestoValue } from "../../../workloads/presto-client.ts";
import { runHop } from "../../support/hops.ts";

const startedAt = new Date("2026-11-27T08:00:00.000Z");

describe("hop telemetry", () => {
  const asked: string[] = [];
  const answers = (...rows: Record<string, PrestoValue>[][]): PrestoClient => {
    asked.length = 0;
    return {
      query: (sql: string) => {
        asked.push(sql);
        return Promise.resolve(rows[Math.min(asked.length, rows.length) - 1] ?? []);
      },
    } as unknown as PrestoClient;
  };
  const row = (source: string, newest: string): Record<string, PrestoValue> => ({
    source,
    newest,
    records: 100,
    ids: 100,
    metrics: 10,
  });
  const hop = (presto: PrestoClient) => telemetryHop({ presto, marked: { startedAt }, intervalSeconds: 5, pauseMs: 5 });

  it("holds when each source has a record that is not older than the proof", async () => {
    const presto = answers([row("vmstat", "2026-11-27 07:59:56.000"), row("iostat", "2026-11-27 08:00:01.500")]);
    const { result } = await runHop(hop(presto));
    expect(result).to.include({ ok: true, count: 200, distinct: 200, checksum: "20" });
    expect(asked[0]).to.contain("run IS NULL").and.to.contain("ts > TIMESTAMP '2026-11-27 07:49:55.000'");
  });

  it("waits for records that are on their way", async () => {
    const presto = answers([], [row("vmstat", "2026-11-27 07:59:50.000")], [row("vmstat", "2026-11-27 08:00:03.000")]);
    const { result, progress } = await runHop(hop(presto));
    expect(result.ok).to.equal(true);
    expect(progress).to.deep.equal([
      "no record of vmstat within the last ten minutes: the telemetry producer sends none",
      "the newest record of vmstat is of 2026-11-27T07:59:50.000Z: the telemetry producer sends none since",
    ]);
  });

  it("is missing when the producer is dead, or one of its sources", async () => {
    const dead = await runHop(hop(answers([])), 50);
    expect(dead.result.ok).to.equal(false);
    expect(dead.result.message).to.contain("no record of vmstat within the last ten minutes");
    const half = answers([row("vmstat", "2026-11-27 08:00:01.000"), row("iostat", "2026-11-27 07:30:00.000")]);
    expect((await runHop(hop(half), 50)).result.message).to.contain(
      "the newest record of iostat is of 2026-11-27T07:30:00.000Z",
    );
  });

  it("is missing when a record is there twice", () => {
    const twice: SourceRow = { source: "vmstat", newestMs: 10, rows: 11, ids: 10, metrics: 1 };
    expect(telemetryProblem([twice], 5)).to.equal("11 records of vmstat where 10 are different: duplicates");
  });
});
