import { expect } from "chai";
import { flinkAnswer, type FlinkJobStatus, flinkStatus } from "../../../components/flink/flink-status.ts";
import type { Running } from "../../../platform/operating.ts";

const now = Date.parse("2026-11-28T12:00:00Z");
const job: FlinkJobStatus = {
  name: "windows",
  state: "RUNNING",
  parts: { all: 3, running: 3 },
  checkpoint: "2026-11-28T11:59:48.000Z",
  restarts: 2,
  backPressure: 0.04,
  late: 7,
};

describe("The status of Flink's jobs", () => {
  it("is a line for each", () => {
    const { table, faults } = flinkAnswer([job, { ...job, name: "young", checkpoint: null, restarts: 0 }], now);
    expect(table?.rows).to.deep.equal([
      ["windows", "running", "12 s ago", "2", "4%", "7"],
      ["young", "running", "none yet", "0", "4%", "7"],
    ]);
    expect(table?.below).to.deep.equal([]);
    expect(faults).to.equal(undefined);
  });

  it("says what is wrong with those that do not get on", () => {
    const failing = {
      ...job,
      state: "RESTARTING",
      lastFailure: "IOException: Cassandra table race.windows: can't write",
    };
    const { faults, table } = flinkAnswer(
      [{ ...failing, backPressure: 0.9, checkpointFailure: "the disk is full" }],
      now,
    );
    expect(faults).to.deep.equal([
      "Flink's job windows is restarting: IOException: Cassandra table race.windows: can't write",
    ]);
    expect(table?.below).to.deep.equal([
      "windows is held up: a part of it waits 90% of its time for the next one",
      "windows: its last checkpoint failed: the disk is full",
    ]);
  });

  it("is asked of the JobManager: of runs with one name the last, with the late records of all parts", async () => {
    const answers: Record<string, unknown> = {
      "/jobs/overview": {
        jobs: [
          { jid: "b", name: "windows", state: "RUNNING", "start-time": 2, "last-modification": 2 },
          { jid: "a", name: "windows", state: "FINISHED", "start-time": 1, "last-modification": 1 },
        ],
      },
      "/jobs/b/checkpoints": {
        counts: { failed: 0, completed: 1 },
        latest: { completed: { latest_ack_timestamp: now }, failed: null },
      },
      "/jobs/b": {
        vertices: [{ id: "v", name: "windows", parallelism: 2, tasks: { RUNNING: 1, SCHEDULED: 1, FAILED: 0 } }],
      },
      "/jobs/b/metrics?get=numRestarts": [{ id: "numRestarts", value: "3" }],
      "/jobs/b/exceptions?maxExceptions=1": { exceptionHistory: { entries: [] } },
      "/jobs/b/vertices/v/subtasks/metrics": [{ id: "Window[1].numLateRecordsDropped" }, { id: "numRecordsIn" }],
      "/jobs/b/vertices/v/subtasks/metrics?get=backPressuredTimeMsPerSecond,Window%5B1%5D.numLateRecordsDropped": [
        { id: "backPressuredTimeMsPerSecond", max: 250 },
        { id: "Window[1].numLateRecordsDropped", sum: 5 },
      ],
    };
    const ask = (_method: string, service: string, path: string): Promise<unknown> => {
      expect(service).to.equal("flink:8081");
      expect(answers, path).to.have.property(path);
      return Promise.resolve(answers[path]);
    };
    const answer = await flinkStatus({ enabled: true }, { ask } as unknown as Running);
    expect(answer?.json).to.deep.equal([
      {
        name: "windows",
        state: "RUNNING",
        parts: { all: 2, running: 1 },
        checkpoint: new Date(now).toISOString(),
        restarts: 3,
        backPressure: 0.25,
        late: 5,
      },
    ]);
    expect(answer?.faults).to.deep.equal(["Flink's job windows is running, but 1 of its 2 parts work"]);
    expect(await flinkStatus({ enabled: false }, { ask } as unknown as Running)).to.equal(undefined);
  });
});
