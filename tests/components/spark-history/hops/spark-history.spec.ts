import { expect } from "chai";
import { sparkHistoryHop } from "../../../../components/spark-history/hops/spark-history.ts";
import { runBranches } from "../../../../check/runner.ts";
import type { ProofResult } from "../../../../check/runner.ts";
import { PrestoError } from "../../../../components/presto/programs/presto-client.ts";
import type { PrestoClient, PrestoValue } from "../../../../components/presto/programs/presto-client.ts";
import { FakeServer } from "../../../support/fake-server.ts";
import type { JobState } from "../../../../platform/hops/job-history.ts";

const madeAt = Date.parse("2026-11-21T08:30:00.500Z");
const application = (id: string, name: string, from: number, to: number): object => ({
  id,
  name,
  attempts: [{ completed: true, startTimeEpoch: madeAt + from, endTimeEpoch: madeAt + to }],
});
const batch = application("spark-1", "census-batch static-file", -40_000, 3000);
const jobs = [
  { jobId: 0, status: "SUCCEEDED", numCompletedTasks: 4 },
  { jobId: 1, status: "SUCCEEDED", numCompletedTasks: 1 },
];

interface Asked {
  /** How far the batch is, look after look; then it is over. @default - over at once */
  readonly states?: JobState[];
  readonly shown?: readonly object[];
  /** What Presto says of the time of the figures. */
  readonly made?: PrestoValue | Error;
  readonly now?: number;
  readonly timeoutMs?: number;
}

describe("hop spark-history", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());

  async function ask(
    applications: readonly object[],
    {
      states = [],
      shown = jobs,
      made = "2026-11-21 08:30:00.500",
      now = madeAt + 60_000,
      timeoutMs = 10_000,
    }: Asked = {},
  ): Promise<ProofResult> {
    // A list as it stands would come piece by piece.
    const asText = (body: unknown) => ({ body: JSON.stringify(body) });
    server.reset({
      "GET /api/v1/applications": asText(applications),
      "GET /api/v1/applications/spark-1/jobs": asText(shown),
    });
    const presto = {
      query: () => (made instanceof Error ? Promise.reject(made) : Promise.resolve([{ made_at: made }])),
    } as unknown as PrestoClient;
    const hop = sparkHistoryHop({
      url: server.url,
      presto,
      table: "lake.census.summary",
      run: "static-file",
      keepDays: 30,
      batch: {
        job: "spark-census-driver",
        jobs: { stateOf: () => Promise.resolve<JobState>(states.shift() ?? { kind: "over" }) },
      },
      now: () => now,
      pauseMs: 5,
    });
    return await runBranches([{ hops: [{ ...hop, timeoutMs }], timeoutMs: 10_000 }]);
  }

  it("holds when the application that made the figures is there with its jobs", async () => {
    const { hops } = await ask([application("spark-9", "census-batch other", -9000, 9000), batch]);
    expect(hops[0]).to.include({ ok: true, count: 2, distinct: 2, checksum: "5" });
    expect(hops[0]?.message).to.equal("spark-1, which made the figures of run static-file: 2 jobs, 5 tasks");
  });

  it("fails when there is only another run's, one of another time, or a log without jobs", async () => {
    const other = await ask(
      [
        application("spark-1", "census-batch other", -9000, 9000),
        application("spark-2", "census-batch static-file", 10_000, 20_000),
      ],
      { timeoutMs: 300 },
    );
    expect(other.failedHop).to.equal("spark-history");
    expect(other.hops[0]?.message).to.contain(
      "has 2 ended applications, not the one that made the figures of run static-file at 2026-11-21T08:30:00.500Z",
    );
    const empty = await ask([batch], { shown: [] });
    expect(empty.hops[0]?.message).to.contain("shows spark-1 without a job: its log is not whole");
  });

  it("waits while the batch runs: it has written nothing yet, and is no reason to skip the hop", async () => {
    const states: JobState[] = [{ kind: "running", startedAt: new Date() }];
    expect((await ask([batch], { states })).hops).to.have.length(1);
    expect(states).to.deep.equal([]);
  });

  it("is skipped when the batch is older than the logs that are kept, or has written nothing yet", async () => {
    const old = await ask([], { now: madeAt + 31 * 86_400_000 });
    expect(old.skipped).to.deep.equal([
      {
        hop: "spark-history",
        reason: "the batch of run static-file is of 2026-11-21T08:30:00.500Z, and its log was kept for 30 days",
      },
    ]);
    for (const made of [null, new PrestoError("TABLE_NOT_FOUND", "lake.census.summary")]) {
      const { ok, skipped } = await ask([], { made });
      expect(ok).to.equal(true);
      expect(skipped[0]?.reason).to.equal("the batch has written no figures of run static-file yet");
    }
  });
});
