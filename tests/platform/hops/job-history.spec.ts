import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { HopFailure } from "../../../platform/hops/hop.ts";
import { JobHistory } from "../../../platform/hops/job-history.ts";
import { FakeServer } from "../../support/fake-server.ts";

const path = "GET /apis/batch/v1/namespaces/data/jobs";

describe("the Jobs that a CronJob has made", () => {
  let server: FakeServer;
  let account: string;
  before(async () => {
    server = await FakeServer.start();
    account = mkdtempSync(join(tmpdir(), "account-"));
    writeFileSync(join(account, "token"), "secret-token\n");
    writeFileSync(join(account, "namespace"), "data");
  });
  after(async () => {
    rmSync(account, { recursive: true });
    await server.stop();
  });

  const job = (startTime: string, type: string, owner?: string): object => ({
    metadata: owner === undefined ? {} : { ownerReferences: [{ kind: "CronJob", name: owner }] },
    status: { startTime, conditions: [{ type, status: "True", reason: "DeadlineExceeded", message: "too long" }] },
  });

  it("are those that failed, oldest first; not those of others, made by hand, or well", async () => {
    server.reset({
      [path]: {
        body: {
          items: [
            job("2026-11-23T03:17:00Z", "Failed", "backup"),
            job("2026-11-22T03:17:00Z", "Failed", "backup"),
            job("2026-11-24T03:17:00Z", "Complete", "backup"),
            job("2026-11-24T04:00:00Z", "Failed", "other"),
            job("2026-11-24T05:00:00Z", "Failed"),
            { metadata: { ownerReferences: [{ kind: "CronJob", name: "backup" }] } },
          ],
        },
      },
    });
    const failed = await new JobHistory({ url: server.url, account }).failedOf("backup");
    expect(failed).to.deep.equal([
      { startedAt: new Date("2026-11-22T03:17:00Z"), reason: "DeadlineExceeded: too long" },
      { startedAt: new Date("2026-11-23T03:17:00Z"), reason: "DeadlineExceeded: too long" },
    ]);
    expect(server.requests[0]?.headers.authorization).to.equal("Bearer secret-token");
  });

  it("tell how far one of them is by its name", async () => {
    const named = (name: string, status: object): object => ({ metadata: { name }, status });
    const condition = (type: string) => ({ type, status: "True", reason: "DeadlineExceeded", message: "too long" });
    const startTime = "2026-11-22T03:17:00Z";
    const items = [
      named("done", { startTime, conditions: [condition("Complete")] }),
      named("broken", { startTime, conditions: [condition("Failed")] }),
      named("under-way", { startTime }),
      named("new", {}),
    ];
    server.reset({ [path]: { body: { items } } });
    const jobs = new JobHistory({ url: server.url, account });
    expect(await jobs.stateOf("done")).to.deep.equal({ kind: "over" });
    expect(await jobs.stateOf("gone")).to.deep.equal({ kind: "over" });
    expect(await jobs.stateOf("broken")).to.deep.equal({ kind: "failed", reason: "DeadlineExceeded: too long" });
    expect(await jobs.stateOf("under-way")).to.deep.equal({ kind: "running", startedAt: new Date(startTime) });
    expect(await jobs.stateOf("new")).to.deep.equal({ kind: "running", startedAt: undefined });
  });

  it("are refused in the API server's words to an account without the right", async () => {
    server.reset({ [path]: { status: 403, body: { message: "jobs.batch is forbidden" } } });
    const error = await new JobHistory({ url: server.url, account }).failedOf("backup").catch((e: unknown) => e);
    expect(error).to.be.instanceOf(HopFailure);
    expect((error as Error).message).to.contain("status 403: jobs.batch is forbidden");
  });
});
