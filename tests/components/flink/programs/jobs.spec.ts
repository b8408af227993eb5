import { expect } from "chai";
import { FlinkRefusal, type LiveJob, StateRefusal } from "../../../../components/flink/programs/flink-client.ts";
import { applyJobs, type JobDefinition, type JobRecord } from "../../../../components/flink/programs/jobs.ts";

const windows: JobDefinition = { name: "windows", sql: "INSERT INTO a SELECT 1", parallelism: 1 };
const changed: JobDefinition = { ...windows, sql: "INSERT INTO a SELECT 2" };

/** A cluster in memory, which notes what is done to it. */
class Cluster {
  readonly done: string[] = [];
  readonly live: LiveJob[] = [];
  readonly known = new Map<string, JobRecord>();
  readonly checkpoints = new Map<string, string>();
  /** Texts that do not compile, texts that take no state of others, and runs that make no savepoint. */
  wrong: string[] = [];
  incompatible: string[] = [];
  withoutSavepoint: string[] = [];
  #count = 0;

  async apply(...definitions: JobDefinition[]): Promise<string[]> {
    this.done.length = 0;
    return await applyJobs(definitions, {
      environment: {},
      savepoints: "s3://flink/savepoints",
      log: () => undefined,
      records: {
        all: () => Promise.resolve(new Map(this.known)),
        write: (name, record) => Promise.resolve(void this.known.set(name, record)),
        newestCheckpoint: (id) => Promise.resolve(this.checkpoints.get(id)),
      },
      gateway: {
        check: ([statement]) => {
          if (this.wrong.includes(statement?.sql ?? ""))
            return Promise.reject(new FlinkRefusal("line 1: no such table"));
          return Promise.resolve();
        },
        submit: ([statement], settings) => {
          const from = settings["execution.state-recovery.path"];
          this.done.push(`start ${statement?.sql ?? ""} from ${from ?? "zero"}`);
          if (from !== undefined && this.incompatible.includes(statement?.sql ?? "")) {
            return Promise.reject(new StateRefusal("Cannot map savepoint state"));
          }
          const id = `run-${++this.#count}`;
          this.live.push({ id, name: settings["pipeline.name"] ?? "", state: "RUNNING" });
          return Promise.resolve(id);
        },
      },
      jobManager: {
        jobs: () => Promise.resolve([...this.live]),
        runs: () => Promise.resolve(),
        stop: (id) => {
          if (this.withoutSavepoint.includes(id)) return Promise.reject(new FlinkRefusal("a part does not run"));
          this.done.push(`stop ${id}`);
          this.#end(id);
          return Promise.resolve(`s3://flink/savepoints/${id}`);
        },
        cancel: (id) => {
          this.done.push(`cancel ${id}`);
          this.#end(id);
          return Promise.resolve();
        },
      },
    });
  }

  #end(id: string): void {
    this.live.splice(0, this.live.length, ...this.live.filter((job) => job.id !== id));
  }
}

describe("Jobs of Flink", () => {
  let cluster: Cluster;
  beforeEach(async () => {
    cluster = new Cluster();
    expect(await cluster.apply(windows)).to.deep.equal([]);
    expect(cluster.done).to.deep.equal(["start INSERT INTO a SELECT 1 from zero"]);
  });

  it("are left alone as long as they are what is declared", async () => {
    expect(await cluster.apply(windows)).to.deep.equal([]);
    expect(cluster.done).to.deep.equal([]);
  });

  it("go on from a savepoint when they are changed", async () => {
    expect(await cluster.apply(changed)).to.deep.equal([]);
    expect(cluster.done).to.deep.equal(["stop run-1", "start INSERT INTO a SELECT 2 from s3://flink/savepoints/run-1"]);
    expect(cluster.known.get("windows")).to.deep.equal({
      definition: changed,
      id: "run-2",
      from: "s3://flink/savepoints/run-1",
    });
  });

  it("that do not compile are named, and what runs goes on, and so do the others", async () => {
    cluster.wrong = [changed.sql];
    const other = { ...windows, name: "other" };
    expect(await cluster.apply(changed, other)).to.deep.equal(["job windows: line 1: no such table"]);
    expect(cluster.done).to.deep.equal(["start INSERT INTO a SELECT 1 from zero"]);
    expect(cluster.live.map(({ id, name }) => [id, name])).to.deep.equal([
      ["run-1", "windows"],
      ["run-2", "other"],
    ]);
  });

  it("whose state does not fit go on as they were, and are not stopped again for it", async () => {
    cluster.incompatible = [changed.sql];
    const words =
      "job windows: what it has kept does not fit its new SQL: Cannot map savepoint state. The job of before goes on; to have " +
      "the new one begin from zero, set millrace:services.flink.startAnew.windows to any new text, such as the date";
    const [first = ""] = await cluster.apply(changed);
    expect(first).to.satisfy((text: string) => text.startsWith(words));
    expect(cluster.done).to.deep.equal([
      "stop run-1",
      "start INSERT INTO a SELECT 2 from s3://flink/savepoints/run-1",
      "start INSERT INTO a SELECT 1 from s3://flink/savepoints/run-1",
    ]);
    expect(await cluster.apply(changed)).to.deep.equal([words]);
    expect(cluster.done).to.deep.equal([]);
    // With the definition of before nothing is left to be done.
    expect(await cluster.apply(windows)).to.deep.equal([]);
    expect(cluster.done).to.deep.equal([]);
  });

  it("begin from zero once for each new text, and never else", async () => {
    cluster.incompatible = [changed.sql];
    const anew = { ...changed, startAnew: "2026-11-28" };
    expect(await cluster.apply(anew)).to.deep.equal([]);
    expect(cluster.done).to.deep.equal(["stop run-1", "start INSERT INTO a SELECT 2 from zero"]);
    expect(await cluster.apply(anew)).to.deep.equal([]);
    expect(cluster.done).to.deep.equal([]);
  });

  it("that nobody declares any more are stopped, and go on from there when they come back", async () => {
    expect(await cluster.apply()).to.deep.equal([]);
    expect(cluster.done).to.deep.equal(["stop run-1"]);
    expect(await cluster.apply(windows)).to.deep.equal([]);
    expect(cluster.done).to.deep.equal(["start INSERT INTO a SELECT 1 from s3://flink/savepoints/run-1"]);
  });

  it("that can make no savepoint go on from their last checkpoint", async () => {
    cluster.withoutSavepoint = ["run-1"];
    cluster.checkpoints.set("run-1", "s3://flink/checkpoints/run-1/chk-7");
    expect(await cluster.apply(changed)).to.deep.equal([]);
    expect(cluster.done).to.deep.equal([
      "cancel run-1",
      "start INSERT INTO a SELECT 2 from s3://flink/checkpoints/run-1/chk-7",
    ]);
  });

  it("that are gone go on from their last checkpoint, and before the first one from where their run began", async () => {
    cluster.live.length = 0;
    cluster.checkpoints.set("run-1", "s3://flink/checkpoints/run-1/chk-3");
    await cluster.apply(windows);
    expect(cluster.done).to.deep.equal(["start INSERT INTO a SELECT 1 from s3://flink/checkpoints/run-1/chk-3"]);
    cluster.live.length = 0;
    await cluster.apply(windows);
    expect(cluster.done).to.deep.equal(["start INSERT INTO a SELECT 1 from s3://flink/checkpoints/run-1/chk-3"]);
  });

  it("of a name that runs without a record are taken over", async () => {
    cluster.known.clear();
    expect(await cluster.apply(windows)).to.deep.equal([]);
    expect(cluster.done).to.deep.equal(["stop run-1", "start INSERT INTO a SELECT 1 from s3://flink/savepoints/run-1"]);
  });

  it("of people are left alone", async () => {
    cluster.live.push({ id: "theirs", name: "theirs", state: "RUNNING" });
    await cluster.apply(changed);
    expect(cluster.live.map(({ id }) => id)).to.include("theirs");
  });
});
