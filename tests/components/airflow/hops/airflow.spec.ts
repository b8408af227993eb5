import { expect } from "chai";
import { AirflowClient } from "../../../../components/airflow/hops/airflow-client.ts";
import { HopFailure } from "../../../../platform/hops/hop.ts";
import { airflowHop, notebookProblem, summaryProblem } from "../../../../components/airflow/hops/airflow.ts";
import type { AirflowHopOptions, SummaryRow } from "../../../../components/airflow/hops/airflow.ts";
import type { ObjectStore } from "../../../../components/object-store/hops/store-client.ts";
import { PrestoError } from "../../../../components/presto/programs/presto-client.ts";
import type { PrestoClient } from "../../../../components/presto/programs/presto-client.ts";
import { runBranches } from "../../../../check/runner.ts";
import type { ProofResult } from "../../../../check/runner.ts";
import { FakeServer } from "../../../support/fake-server.ts";
import type { Route } from "../../../support/fake-server.ts";

const marked = { run: "proof-1795253000000-1a2b3c4d", startedAt: new Date(1_795_253_000_000) };
const old = "proof-1795250000000-00000000";
const dag = "/api/v2/dags/telemetry_report";
const run = `${dag}/dagRuns/${marked.run}`;
const notebook = `runs/telemetry-report/${marked.run}.ipynb`;

const runBody = (state: string): object => ({
  dag_run_id: marked.run,
  state,
  queued_at: "2026-11-21T09:30:00Z",
  start_date: "2026-11-21T09:30:01Z",
});
const task = (state: string | null, tries = 1, started: string | null = "2026-11-21T09:30:21Z"): object => ({
  task_instances: [{ task_id: "report", state, try_number: tries, max_tries: 2, start_date: started, end_date: null }],
});
const executed = (outputs: object[] = [{ output_type: "stream", text: "done" }]): string =>
  JSON.stringify({ nbformat: 4, cells: [{ cell_type: "code", source: `run = "${marked.run}"`, outputs }] });

/** Answers in turn, the last one again and again. */
function inTurn(...bodies: object[]): Route {
  let next = 0;
  return () => ({ body: bodies[Math.min(next++, bodies.length - 1)] });
}

const good: Readonly<Record<string, Route>> = {
  "POST /auth/token": { status: 201, body: { access_token: "jwt" } },
  [`GET ${dag}`]: { body: { is_paused: false } },
  [`POST ${dag}/dagRuns`]: { body: runBody("queued") },
  [`GET ${dag}/dagRuns`]: { body: { dag_runs: [runBody("success"), { ...runBody("success"), dag_run_id: old }] } },
  [`GET ${run}`]: { body: runBody("success") },
  [`GET ${run}/taskInstances`]: { body: task("success") },
  [`DELETE ${run}`]: { status: 204 },
  [`DELETE ${dag}/dagRuns/${old}`]: { status: 204 },
};

type Limits = Partial<
  Pick<AirflowHopOptions, "awayLimitMs" | "rowsLimitMs" | "schedulerPatienceMs" | "startLimitMs" | "retryPatienceMs">
>;

const summary = { metric: "cpu", count: 3, mean: 2, minimum: 1, maximum: 3 };

describe("hop airflow", () => {
  let server: FakeServer;
  let queries: string[];
  let objects: Map<string, string>;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());
  beforeEach(() => {
    server.reset(good);
    queries = [];
    objects = new Map([
      [notebook, executed()],
      [`runs/telemetry-report/${old}.ipynb`, executed()],
      ["runs/telemetry-report/proof-9999999999999-00000000.ipynb", "another proof's"],
    ]);
  });

  async function prove(
    rows: { own?: SummaryRow[]; written?: SummaryRow[]; fails?: PrestoError } = {},
    { url = server.url, timeoutMs = 60_000, ...limits }: { url?: string; timeoutMs?: number } & Limits = {},
  ): Promise<{ result: ProofResult; message: string; progress: string[] }> {
    const presto = {
      query: (sql: string) => {
        queries.push(sql);
        if (rows.fails !== undefined) return Promise.reject(rows.fails);
        if (sql.startsWith("SELECT DISTINCT run")) return Promise.resolve([{ run: marked.run }, { run: old }]);
        if (sql.includes("FROM samples")) return Promise.resolve(rows.own ?? [summary]);
        const window = { since: "2026-11-21 08:30:00.000", until: "2026-11-21 09:30:00.000" };
        return Promise.resolve((rows.written ?? [summary]).map((row) => ({ ...row, ...window })));
      },
    } as unknown as PrestoClient;
    const store: ObjectStore = {
      where: "http://s3/notebooks",
      list: (prefix) => Promise.resolve([...objects.keys()].filter((key) => key.startsWith(prefix))),
      get: (key) => {
        const found = objects.get(key);
        return found === undefined ? Promise.reject(new Error("NoSuchKey")) : Promise.resolve(Buffer.from(found));
      },
      put: () => Promise.reject(new Error("read only")),
      remove: (key) => Promise.resolve(void objects.delete(key)),
    };
    const hop = airflowHop({
      airflow: new AirflowClient({ url, user: "proof", password: "secret", pauseMs: 1 }),
      config: {
        dag: "telemetry_report",
        table: "reports.telemetry_summary",
        prefix: "runs/telemetry-report",
      },
      presto,
      notebooks: store,
      logs: { store, prefix: "logs" },
      marked,
      awayLimitMs: 10_000,
      rowsLimitMs: 10_000,
      pauseMs: 5,
      ...limits,
    });
    const progress: string[] = [];
    const result = await runBranches([{ hops: [hop], timeoutMs }], {
      onProgress: (_, words) => progress.push(words),
    });
    return { result, message: result.hops[0]?.message ?? "", progress };
  }

  it("holds when the run succeeds, its rows agree with the samples and its notebook is there", async () => {
    server.routes = {
      ...good,
      [`GET ${run}`]: inTurn(runBody("queued"), runBody("running"), runBody("success")),
      [`GET ${run}/taskInstances`]: inTurn(task(null, 0, null), task("queued", 1, null), task("success")),
    };
    const { result, message, progress } = await prove();
    expect(result).to.include({ ok: true });
    expect(result.warnings).to.deep.equal([]);
    expect(result.hops[0]).to.include({ hop: "airflow", count: 1, distinct: 1, checksum: "3" });
    expect(message).to.equal(
      "DAG telemetry_report: task started after 21 s, rows in reports.telemetry_summary, executed notebook in S3",
    );
    expect(progress).to.include("task report is queued: its pod has not started");
    const trigger = server.requests.find((request) => request.method === "POST" && request.path.startsWith(dag));
    expect(JSON.parse(trigger?.body ?? "")).to.deep.equal({
      dag_run_id: marked.run,
      logical_date: null,
      conf: { run: marked.run, hours: 0.1 },
    });
    expect(trigger?.headers.authorization).to.equal("Bearer jwt");
  });

  it("removes the run, the rows, the notebook and the logs of its own and of proofs long ago, and nothing else", async () => {
    const log = (name: string): string => `logs/dag_id=telemetry_report/run_id=${name}/task_id=report/attempt=1.log`;
    for (const name of [marked.run, old, "scheduled__2026-11-21"]) objects.set(log(name), "");
    await prove();
    expect(server.asked).to.include(`DELETE ${run}`).and.to.include(`DELETE ${dag}/dagRuns/${old}`);
    expect(queries.at(-1)).to.equal(`DELETE FROM reports.telemetry_summary WHERE run IN ('${marked.run}', '${old}')`);
    expect([...objects.keys()]).to.deep.equal([
      "runs/telemetry-report/proof-9999999999999-00000000.ipynb",
      log("scheduled__2026-11-21"),
    ]);
  });

  it("unpauses the DAG first where it is paused", async () => {
    server.routes = { ...good, [`GET ${dag}`]: { body: { is_paused: true } }, [`PATCH ${dag}`]: { body: {} } };
    expect((await prove()).result.ok).to.equal(true);
    const order = server.asked.filter((one) => one.endsWith(dag) || one === `POST ${dag}/dagRuns`);
    expect(order).to.deep.equal([`GET ${dag}`, `PATCH ${dag}`, `POST ${dag}/dagRuns`]);
  });

  /** Answer to "GET /api/v2/monitor/health" where Airflow can or can't read its database. */
  const healthWith = (metadatabase: string): Route => ({
    body: { metadatabase: { status: metadatabase }, scheduler: { status: "healthy" } },
  });
  const refused: Route = { status: 401, body: { detail: "Invalid credentials" } };

  it("says that the login is refused, and tries it once only", async () => {
    server.routes = { ...good, "POST /auth/token": refused, "GET /api/v2/monitor/health": healthWith("healthy") };
    const { result, message } = await prove();
    expect(message).to.equal(
      `Airflow at ${server.url} refuses the login of "proof": the password is wrong, or there is no such account`,
    );
    expect(result.failedHop).to.equal("airflow");
    expect(server.asked).to.deep.equal(["POST /auth/token", "GET /api/v2/monitor/health"]);
    expect(result.warnings).to.deep.equal([]);
  });

  it("blames no password while Airflow can't read its database, and logs in when it can", async () => {
    const broken = { "POST /auth/token": refused, "GET /api/v2/monitor/health": healthWith("unhealthy") };
    server.routes = { ...good, ...broken };
    const { message } = await prove({}, { awayLimitMs: 300 });
    expect(message).to.match(/^after \d+ s: Airflow at \S+ takes no login: its database is unhealthy$/);

    let tries = 0;
    const login: Route = () => (++tries < 3 ? refused : { status: 201, body: { access_token: "jwt" } });
    server.reset({ ...good, ...broken, "POST /auth/token": login });
    expect((await prove()).result).to.include({ ok: true });
    expect(tries).to.equal(3);
  });

  it("says that nothing runs where Airflow should be", async () => {
    const { message } = await prove({}, { url: "http://127.0.0.1:1", awayLimitMs: 200 });
    expect(message).to.contain("Airflow at http://127.0.0.1:1 can't be reached").and.to.contain("nothing runs there");
  });

  it("names the file that can't be read where the DAG is not known", async () => {
    server.routes = {
      ...good,
      [`GET ${dag}`]: { status: 404, body: { detail: "not found" } },
      "GET /api/v2/importErrors": {
        body: {
          import_errors: [
            { filename: "telemetry_report.py", stack_trace: "Traceback\n  x\nSyntaxError: invalid syntax\n" },
          ],
        },
      },
    };
    expect((await prove({}, { awayLimitMs: 200 })).message).to.contain(
      "knows no DAG telemetry_report: it could not read telemetry_report.py: SyntaxError: invalid syntax",
    );
  });

  it("names the task, its try and the end of its log when the run fails", async () => {
    server.routes = {
      ...good,
      [`GET ${run}`]: { body: runBody("failed") },
      [`GET ${run}/taskInstances`]: { body: task("failed", 3) },
      [`GET ${run}/taskInstances/report/logs/3`]: {
        body: {
          content: [
            { event: "one" },
            { event: "Task failed", error_detail: [{ exc_type: "ValueError", exc_value: "no parameter rum" }] },
          ],
        },
      },
    };
    expect((await prove()).message).to.equal(
      `DAG run ${marked.run} failed: task report is failed at try 3 of 3; ` +
        "its log ends: one | Task failed | ValueError: no parameter rum",
    );
  });

  it("names the scheduler when a triggered run stays queued and the scheduler is not well", async () => {
    const health = { status: "unhealthy", latest_scheduler_heartbeat: "2026-11-21T09:20:00Z" };
    server.routes = {
      ...good,
      [`GET ${run}`]: { body: runBody("queued") },
      [`GET ${run}/taskInstances`]: { body: task(null, 0, null) },
      "GET /api/v2/monitor/health": { body: { metadatabase: { status: "healthy" }, scheduler: health } },
    };
    expect((await prove({}, { schedulerPatienceMs: 20 })).message).to.match(
      /is still not started: Airflow's scheduler is unhealthy \(last heartbeat 2026-11-21T09:20:00Z\)$/,
    );
  });

  it("names the task whose pod does not start, though the scheduler is well", async () => {
    server.routes = {
      ...good,
      [`GET ${run}`]: { body: runBody("running") },
      [`GET ${run}/taskInstances`]: { body: task("queued", 1, null) },
      "GET /api/v2/monitor/health": {
        body: { metadatabase: { status: "healthy" }, scheduler: { status: "healthy" } },
      },
    };
    expect((await prove({}, { schedulerPatienceMs: 5, startLimitMs: 20 })).message).to.match(
      /is still not started: task report is queued: its pod has not started$/,
    );
  });

  it("waits for no further try when a late one has failed, and says why it has", async () => {
    server.routes = {
      ...good,
      [`GET ${run}`]: { body: runBody("running") },
      [`GET ${run}/taskInstances`]: { body: task("up_for_retry", 2) },
      [`GET ${run}/taskInstances/report/logs/2`]: { body: { content: [{ event: "Spark does not answer" }] } },
    };
    expect((await prove({}, { retryPatienceMs: 0 })).message).to.equal(
      `DAG run ${marked.run}: task report is failed at try 2 of 3; its log ends: Spark does not answer; it is tried again`,
    );
  });

  it("gives the end of the log of a task that does not end, and leaves the log", async () => {
    const log = `logs/dag_id=telemetry_report/run_id=${marked.run}/task_id=report/attempt=1.log`;
    objects.set(log, "");
    server.routes = {
      ...good,
      [`GET ${run}`]: { body: runBody("running") },
      [`GET ${run}/taskInstances`]: { body: task("running") },
      [`GET ${run}/taskInstances/report/logs/1`]: { body: { content: [{ event: "waits for Spark" }] } },
    };
    expect((await prove({}, { timeoutMs: 500 })).message).to.match(
      /: task report is running; task report is running at try 1 of 3; its log ends: waits for Spark$/,
    );
    expect([...objects.keys()]).to.include(log);
  });

  it("ends a run that is still under way before it removes it", async () => {
    let deletions = 0;
    server.routes = {
      ...good,
      [`GET ${run}`]: { body: runBody("failed") },
      [`GET ${run}/taskInstances`]: { body: { task_instances: [] } },
      [`DELETE ${run}`]: () => ({ status: deletions++ === 0 ? 409 : 204, body: { detail: "running" } }),
      [`PATCH ${run}`]: { body: runBody("failed") },
    };
    const { result } = await prove();
    expect(result.warnings).to.deep.equal([]);
    expect(server.asked.filter((one) => /^(DELETE|PATCH) .*1a2b3c4d$/.test(one))).to.deep.equal([
      `DELETE ${run}`,
      `PATCH ${run}`,
      `DELETE ${run}`,
    ]);
  });

  const lost = {
    status: 500,
    body: { detail: { reason: "Database error", statement: "hidden", orig_error: "hidden" } },
  };

  it("asks again where the scheduler was at the same rows", async () => {
    let triggers = 0;
    let removals = 0;
    server.routes = {
      ...good,
      [`POST ${dag}/dagRuns`]: () => (triggers++ === 0 ? lost : { body: runBody("queued") }),
      [`DELETE ${run}`]: () => (removals++ < 3 ? lost : { status: 204 }),
    };
    const { result } = await prove();
    expect(result.ok).to.equal(true);
    expect(result.warnings).to.deep.equal([]);
    expect([triggers, removals]).to.deep.equal([2, 4]);
  });

  const deletions = (): number => server.asked.filter((one) => one === `DELETE ${run}`).length;

  it("does not ask for ever", async () => {
    server.routes = { ...good, [`DELETE ${run}`]: lost };
    const [warning = ""] = (await prove()).result.warnings;
    expect(warning).to.contain(`run ${marked.run} can't be removed: status 500`);
    expect(deletions()).to.equal(4);
  });

  it("does not ask again after any other failure of the server", async () => {
    server.routes = { ...good, [`DELETE ${run}`]: { status: 500, body: { detail: "An error occurred" } } };
    expect((await prove()).result.warnings).to.have.length(1);
    expect(deletions()).to.equal(1);
  });

  it("says that a run has left no rows, though it succeeded", async () => {
    expect((await prove({ written: [] }, { rowsLimitMs: 200 })).message).to.contain(
      `reports.telemetry_summary has no row of run ${marked.run}, though the run succeeded`,
    );
  });

  it("says which row is wrong", async () => {
    expect((await prove({ written: [{ ...summary, count: 9 }] })).message).to.equal(
      `reports.telemetry_summary is wrong for run ${marked.run}: cpu counts 9 samples where there are 3`,
    );
    expect((await prove({ written: [summary, summary] })).message).to.contain("a metric is there twice");
  });

  it("takes a table that no run has made yet for one without rows to remove", async () => {
    const { result } = await prove(
      { fails: new PrestoError("TABLE_NOT_FOUND", "Table does not exist") },
      { rowsLimitMs: 200 },
    );
    expect(result.warnings.filter((warning) => warning.includes("rows"))).to.deep.equal([]);
  });

  it("says what is wrong with the executed notebook, and where it is", async () => {
    objects.set(notebook, executed([{ output_type: "error", ename: "KeyError", evalue: "'x'" }]));
    expect((await prove()).message).to.equal(`http://s3/notebooks/${notebook} holds an error: KeyError: 'x'`);
  });
});

describe("a summary row", () => {
  it("is right when it agrees with the samples, which may have become more since", () => {
    expect(summaryProblem(summary, summary)).to.equal(undefined);
    expect(summaryProblem(summary, { ...summary, count: 9, mean: 4, minimum: 0, maximum: 9 })).to.equal(undefined);
  });

  it("is wrong when a figure of it can't be true of the samples", () => {
    expect(summaryProblem({ ...summary, count: 0 }, summary)).to.equal("cpu has count 0");
    expect(summaryProblem(summary, undefined)).to.equal("cpu is not in the samples at all");
    expect(summaryProblem({ ...summary, mean: 3.5 }, summary)).to.contain("not within 1 to 3");
    expect(summaryProblem({ ...summary, maximum: 5 }, summary)).to.contain("its samples within 1 to 3");
    expect(summaryProblem({ ...summary, mean: 2.5 }, summary)).to.equal("cpu has the mean 2.5, its samples 2");
    expect(summaryProblem({ ...summary, mean: Number.NaN }, summary)).to.contain("NaN");
  });
});

describe("an executed notebook", () => {
  it("holds the run and outputs without an error", () => {
    expect(notebookProblem(executed(), marked.run)).to.equal(undefined);
    expect(notebookProblem("<html>", marked.run)).to.equal("is not JSON");
    expect(notebookProblem('{"cells":[]}', marked.run)).to.contain("is no notebook");
    expect(notebookProblem(executed([]), marked.run)).to.equal("holds no output: it was not executed");
    expect(notebookProblem(executed(), "proof-2")).to.equal("does not hold the run id proof-2");
  });
});

describe("airflow client", () => {
  it("asks for a new token when the server does not know the old one any more", async () => {
    const server = await FakeServer.start();
    let asked = 0;
    server.reset({ ...good, [`GET ${dag}`]: () => (asked++ === 0 ? { status: 401 } : { body: { is_paused: false } }) });
    const client = new AirflowClient({ url: server.url, user: "proof", password: "secret" });
    const error: unknown = await client.dag("telemetry_report").catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Error).and.not.to.be.instanceOf(HopFailure);
    expect(await client.dag("telemetry_report")).to.deep.equal({ isPaused: false });
    expect(server.asked.filter((one) => one === "POST /auth/token")).to.have.length(2);
    await server.stop();
  });

  it("says that too many logins were tried, unless it is the database that is away", async () => {
    const server = await FakeServer.start();
    const refused = { "POST /auth/token": { status: 429, body: { detail: "slow down" } } };
    const health = (metadatabase: string) => ({
      "GET /api/v2/monitor/health": {
        body: { metadatabase: { status: metadatabase }, scheduler: { status: "healthy" } },
      },
    });
    const client = new AirflowClient({ url: server.url, user: "proof", password: "secret" });
    const failure = async (): Promise<unknown> => await client.logIn().catch((reason: unknown) => reason);
    server.reset({ ...refused, ...health("healthy") });
    expect(await failure())
      .to.be.instanceOf(HopFailure)
      .and.to.have.property("message")
      .that.contains("too many logins");
    server.reset({ ...refused, ...health("unhealthy") });
    const away = await failure();
    expect(away).not.to.be.instanceOf(HopFailure);
    expect(away).to.have.property("message").that.contains("takes no login: its database is unhealthy");
    await server.stop();
  });
});
