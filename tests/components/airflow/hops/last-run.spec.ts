import { expect } from "chai";
import { AirflowClient } from "../../../../components/airflow/hops/airflow-client.ts";
import { lastRunHop } from "../../../../components/airflow/hops/last-run.ts";
import { runBranches } from "../../../../check/runner.ts";
import type { ProofResult } from "../../../../check/runner.ts";
import { FakeServer } from "../../../support/fake-server.ts";

const dag = "/api/v2/dags/lake_maintenance";

/** A run as Airflow lists it. */
const run = (id: string, state: string, type = "scheduled"): object => ({ dag_run_id: id, state, run_type: type });

describe("hop on a DAG's last run", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());

  /** @param runs - newest first */
  async function ask(runs: readonly object[], isPaused = false): Promise<ProofResult> {
    const task = {
      task_id: "maintain",
      state: "failed",
      try_number: 2,
      max_tries: 1,
      start_date: null,
      end_date: null,
    };
    const tasks = (state: string) => ({ body: { task_instances: [{ ...task, state }] } });
    server.reset({
      "POST /auth/token": { status: 201, body: { access_token: "jwt" } },
      [`GET ${dag}`]: { body: { is_paused: isPaused } },
      [`GET ${dag}/dagRuns`]: { body: { dag_runs: runs } },
      [`GET ${dag}/dagRuns/bad/taskInstances`]: tasks("failed"),
      [`GET ${dag}/dagRuns/good/taskInstances`]: tasks("success"),
      [`GET ${dag}/dagRuns/bad/taskInstances/maintain/logs/2`]: { body: { content: ["no space left"] } },
    });
    const airflow = new AirflowClient({ url: server.url, user: "proof", password: "secret" });
    const hop = lastRunHop({ name: "maintenance", airflow, dag: "lake_maintenance", pauseMs: 5 });
    return await runBranches([{ hops: [hop], timeoutMs: 10_000 }]);
  }

  it("holds when the last run that ended did, whatever failed before it or is under way", async () => {
    const result = await ask([run("now", "running"), run("good", "success"), run("a", "failed"), run("b", "failed")]);
    expect(result.hops).to.have.length(1);
    expect(result.hops[0]).to.include({ ok: true, count: 3, distinct: 3, checksum: "1" });
    expect(result.hops[0]?.message).to.equal("DAG lake_maintenance: its last run good ended well");
  });

  it("forgives one scheduled run that failed, as a sleep breaks one off", async () => {
    const result = await ask([run("bad", "failed"), run("good", "success")]);
    expect(result.hops[0]?.ok).to.equal(true);
    expect(result.hops[0]?.message).to.contain("its last run bad failed, the one before it did not");
  });

  it("fails when two in a row failed, and names the task and its cause", async () => {
    const result = await ask([run("bad", "failed"), run("a", "failed"), run("good", "success")]);
    expect(result.failedHop).to.equal("maintenance");
    expect(result.hops[0]?.message).to.equal(
      "the last 2 runs of DAG lake_maintenance failed, the newest is bad: task maintain is failed at try 2 of 2; " +
        "its log ends: no space left. Mend the cause, then clear the run in Airflow or start another",
    );
  });

  it("fails when the last run was started by hand and failed", async () => {
    const result = await ask([run("bad", "failed", "manual"), run("good", "success")]);
    expect(result.failedHop).to.equal("maintenance");
    expect(result.hops[0]?.message).to.contain("the last run of DAG lake_maintenance, bad, failed: task maintain");
  });

  it("is skipped with the reason where no run has ended yet, and where the DAG is paused", async () => {
    const reasons = async (...args: Parameters<typeof ask>) => {
      const { ok, hops, skipped } = await ask(...args);
      expect({ ok, hops }).to.deep.equal({ ok: true, hops: [] });
      return skipped;
    };
    expect(await reasons([])).to.deep.equal([{ hop: "maintenance", reason: "DAG lake_maintenance has not run yet" }]);
    expect(await reasons([run("now", "running")])).to.deep.equal([
      { hop: "maintenance", reason: "DAG lake_maintenance has its first run under way" },
    ]);
    expect(await reasons([run("bad", "failed"), run("a", "failed")], true)).to.deep.equal([
      { hop: "maintenance", reason: "DAG lake_maintenance is paused in Airflow" },
    ]);
  });
});
