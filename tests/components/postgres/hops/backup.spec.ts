import { expect } from "chai";
import { backupHop } from "../../../../components/postgres/hops/backup.ts";
import type { ScheduledJob } from "../../../../platform/hops/job-history.ts";
import { runBranches } from "../../../../check/runner.ts";
import type { ProofResult } from "../../../../check/runner.ts";

const manifest = JSON.stringify({
  databases: { airflow: { bytes: 700, sha256: "a" }, metastore: { bytes: 30, sha256: "b" } },
});
/** Keys of a backup that is whole. */
const whole = (name: string): string[] =>
  ["airflow.dump", "metastore.dump", "backup.json"].map((file) => `postgres/${name}/${file}`);
const failure = (at: string): ScheduledJob => ({
  startedAt: new Date(at),
  reason: "BackoffLimitExceeded: Job has reached the specified backoff limit",
});

describe("hop backup", () => {
  async function ask(
    keys: readonly string[],
    failed: readonly ScheduledJob[] = [],
    text = manifest,
  ): Promise<ProofResult> {
    const hop = backupHop({
      store: {
        where: "http://s3/backups",
        list: () => Promise.resolve([...keys]),
        get: () => Promise.resolve(Buffer.from(text)),
      },
      prefix: "postgres/",
      jobs: { failedOf: () => Promise.resolve([...failed]) },
      cronJob: "postgres-backup",
      schedule: "17 3 * * *",
      pauseMs: 5,
    });
    return await runBranches([{ hops: [hop], timeoutMs: 10_000 }]);
  }

  it("holds when the newest backup is whole, however old it is and whatever was broken off after it", async () => {
    const keys = [...whole("20261120T031700Z"), ...whole("20261121T031700Z"), "postgres/20261122T031700Z/airflow.dump"];
    const { hops } = await ask(keys, [failure("2026-11-20T03:17:00Z"), failure("2026-11-22T03:17:00Z")]);
    expect(hops[0]).to.include({ ok: true, count: 2, distinct: 2, checksum: "730" });
    expect(hops[0]?.message).to.equal("the newest backup is 20261121T031700Z, of airflow, metastore");
  });

  it("fails when two scheduled ones failed since, with the cause and the way out", async () => {
    const failed = [failure("2026-11-22T03:17:00Z"), failure("2026-11-23T03:17:00Z")];
    const { failedHop, hops } = await ask(whole("20261121T031700Z"), failed);
    expect(failedHop).to.equal("backup");
    expect(hops[0]?.message).to.equal(
      "the last 2 scheduled backups failed, the newest at 2026-11-23T03:17:00.000Z (BackoffLimitExceeded: Job has " +
        "reached the specified backoff limit); the newest backup is 20261121T031700Z. npm run backup makes one now, " +
        "or says why it can't",
    );
    expect((await ask([], failed)).hops[0]?.message).to.contain("there is no backup at all");
  });

  it("fails when a dump that the list names is gone, or the list can't be read", async () => {
    const [first = ""] = whole("20261121T031700Z");
    const lacking = await ask(whole("20261121T031700Z").filter((key) => key !== first));
    expect(lacking.hops[0]?.message).to.equal(
      "the backup http://s3/backups/postgres/20261121T031700Z is damaged: it lacks the dump of airflow",
    );
    const unreadable = await ask(whole("20261121T031700Z"), [], "{");
    expect(unreadable.hops[0]?.message).to.contain("its backup.json can't be read");
  });

  it("is skipped with the reason where none was due yet, and where the first one failed", async () => {
    const young = await ask([]);
    expect(young).to.deep.include({ ok: true, hops: [] });
    expect(young.skipped).to.deep.equal([
      { hop: "backup", reason: 'no backup was due yet: the schedule is "17 3 * * *"' },
    ]);
    const unlucky = await ask([], [failure("2026-11-22T03:17:00Z")]);
    expect(unlucky.ok).to.equal(true);
    expect(unlucky.skipped[0]?.reason).to.match(/^the first backup failed at 2026-11-22T03:17:00.000Z \(Backoff/);
  });
});
