import { expect } from "chai";
import { telemetryHop, telemetryProblem } from "../../../../components/telemetry/hops/telemetry.ts";
import type { PrestoClient, PrestoValue } from "../../../../components/presto/programs/presto-client.ts";
import { runHop } from "../../../support/hops.ts";

const startedAt = new Date("2026-11-27T08:00:00.000Z");

describe("hop telemetry", () => {
  const asked: string[] = [];
  /** @param older - whether iostat has measured before the proof */
  const answers = (older: boolean, ...fresh: Record<string, PrestoValue>[][]): PrestoClient => {
    asked.length = 0;
    let next = 0;
    return {
      query: (sql: string) => {
        asked.push(sql);
        if (sql.startsWith("SELECT 1")) return Promise.resolve(older ? [{ found: 1 }] : []);
        return Promise.resolve(fresh[Math.min(next++, fresh.length - 1)] ?? []);
      },
    } as unknown as PrestoClient;
  };
  const row = (source: string): Record<string, PrestoValue> => ({ source, records: 100, ids: 100, metrics: 10 });
  const hop = (presto: PrestoClient) => telemetryHop({ presto, marked: { startedAt }, intervalSeconds: 5, pauseMs: 5 });

  it("holds when each source has a record that is not older than the proof, by one question on a few files", async () => {
    const { result } = await runHop(hop(answers(true, [row("vmstat"), row("iostat")])));
    expect(result).to.include({ ok: true, count: 200, distinct: 200, checksum: "20" });
    expect(asked).to.have.length(1);
    expect(asked[0]).to.contain("run IS NULL").and.to.contain("ts >= TIMESTAMP '2026-11-27 07:59:55.000'");
  });

  it("wants no disks of a node that has none, which it asks of the older records once", async () => {
    const { result } = await runHop(hop(answers(false, [], [row("vmstat")])));
    expect(result).to.include({ ok: true, count: 100 });
    expect(asked.filter((sql) => sql.startsWith("SELECT 1"))).to.deep.equal([
      "SELECT 1 AS found FROM samples WHERE run IS NULL AND source = 'iostat' " +
        "AND ts >= TIMESTAMP '2026-11-27 07:49:55.000' AND ts < TIMESTAMP '2026-11-27 07:59:55.000' LIMIT 1",
    ]);
  });

  it("waits for records that are on their way", async () => {
    const presto = answers(true, [], [row("vmstat")], [row("vmstat"), row("iostat")]);
    const { result, progress } = await runHop(hop(presto));
    expect(result.ok).to.equal(true);
    const missing = (source: string): string =>
      `no record of ${source} was measured since 2026-11-27T07:59:55.000Z: the telemetry producer sends none, ` +
      "or the stream has not written them";
    expect(progress).to.deep.equal([missing("vmstat"), missing("iostat")]);
  });

  it("is missing when the producer is dead, or one of its sources", async () => {
    const dead = await runHop(hop(answers(true, [])), 100);
    expect(dead.result.ok).to.equal(false);
    expect(dead.result.message).to.contain("no record of vmstat was measured since 2026-11-27T07:59:55.000Z");
    const half = await runHop(hop(answers(true, [row("vmstat")])), 100);
    expect(half.result.ok).to.equal(false);
    expect(half.result.message).to.contain("no record of iostat was measured since");
  });

  it("is missing when a record is there twice", () => {
    const twice = { source: "vmstat", rows: 11, ids: 10, metrics: 1 };
    expect(telemetryProblem([twice], ["vmstat"], startedAt)).to.equal(
      "11 records of vmstat where 10 are different: duplicates",
    );
  });
});
