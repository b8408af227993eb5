import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { expect } from "chai";
import { roomWatches } from "../../components/watches.ts";
import { rooms } from "../../config/rooms.ts";
import { certificateFor } from "../../platform/own-certificate.ts";
import type { Sample } from "../../platform/watching.ts";
import { FakeServer } from "../support/fake-server.ts";

describe("figures of services that have no page of them", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());

  const ask = async (room: string, more: object = {}): Promise<string[]> => {
    const watch = roomWatches.find((one) => one.room === room);
    if (watch === undefined) throw new Error(`nobody watches ${room}`);
    const given = { url: server.url, ...more };
    const samples: Sample[] = await watch.make(watch.settings.parse(given) as object)(AbortSignal.timeout(5000));
    return samples.map(({ name, labels = {}, value }) => [name, ...Object.values(labels), value].join(" "));
  };

  it("are of rooms that there are, each once", () => {
    const names = roomWatches.map(({ room }) => room);
    expect(new Set(names).size).to.equal(names.length);
    expect(rooms.map(({ name }) => name)).to.include.members(names);
  });

  it("say which parts of Airflow are at work, and when its scheduler last was", async () => {
    server.reset({
      "GET /api/v2/monitor/health": {
        body: {
          metadatabase: { status: "healthy" },
          scheduler: { status: "unhealthy", latest_scheduler_heartbeat: "2026-11-29T10:00:00+00:00" },
          triggerer: { status: null },
          dag_processor: { status: "healthy" },
        },
      },
    });
    expect(await ask("airflow")).to.deep.equal([
      "airflow_part_healthy metadatabase 1",
      "airflow_part_healthy scheduler 0",
      "airflow_part_healthy dag_processor 1",
      `airflow_scheduler_heartbeat_seconds ${Date.parse("2026-11-29T10:00:00Z") / 1000}`,
    ]);
  });

  it("say what Presto does", async () => {
    const body = {
      runningQueries: 1,
      blockedQueries: 0,
      queuedQueries: 2,
      activeWorkers: 3,
      runningDrivers: 4,
      reservedMemory: 5,
      totalInputRows: 6,
      totalInputBytes: 7,
      totalCpuTimeSecs: 8,
      more: "words",
    };
    server.reset({ "GET /v1/cluster": { body } });
    expect(await ask("presto")).to.include.members(["presto_running_queries 1", "presto_total_cpu_time_secs 8"]);
    expect(await ask("presto")).to.have.length(9);
  });

  it("say how Flink's newest runs are, and not those before them", async () => {
    const job = (jid: string, state: string, start: number) => ({ jid, name: "windows", state, "start-time": start });
    server.reset({
      "GET /jobs/overview": {
        body: { jobs: [job("b", "RUNNING", 2), job("a", "FAILED", 1), { ...job("d", "FINISHED", 3), name: "batch" }] },
      },
      "GET /overview": { body: { taskmanagers: 1, "slots-total": 2, "slots-available": 1 } },
      "GET /jobs/b/checkpoints": {
        body: {
          counts: { failed: 1, completed: 9 },
          latest: { completed: { latest_ack_timestamp: 5000, end_to_end_duration: 250 } },
        },
      },
      "GET /jobs/b/metrics": { body: '[{"id":"numRestarts","value":"3"}]' },
    });
    expect(await ask("flink")).to.deep.equal([
      "flink_taskmanagers 1",
      "flink_slots_available 1",
      "flink_job_running windows 1",
      "flink_job_checkpoints_completed_total windows 9",
      "flink_job_checkpoints_failed_total windows 1",
      "flink_job_restarts_total windows 3",
      "flink_job_last_checkpoint_seconds windows 5",
      "flink_job_last_checkpoint_duration_seconds windows 0.25",
    ]);
  });

  it("say how connectors and flows are, and fail where who watches them can't ask", async () => {
    server.reset({
      "GET /connectors": {
        body: {
          seen: null,
          connectors: [{ name: "c", condition: "failed", tasks: { running: 1, all: 2 }, lag: 7, restarts: 3 }],
        },
      },
      "GET /flows": {
        body: {
          flows: [
            { name: "f", group: { running: 3, processors: 4, queued: 5, queuedBytes: 6, failed: 0 } },
            { name: "new" },
          ],
          rejected: { count: 2 },
        },
      },
    });
    expect(await ask("connect")).to.deep.equal([
      "connect_failed c 1",
      "connect_tasks_running c 1",
      "connect_tasks c 2",
      "connect_restarts_total c 3",
      "connect_lag c 7",
    ]);
    const made = await certificateFor(["localhost"], new Date("2026-11-29T00:00:00Z"));
    const secure = createServer({ cert: made["tls.crt"], key: made["tls.key"] }).listen(0, "127.0.0.1");
    await once(secure, "listening");
    const page = `localhost:${(secure.address() as AddressInfo).port}`;
    expect(await ask("nifi", { page }).finally(() => secure.close())).to.deep.equal([
      `millrace_certificate_end_seconds ${page} ${Date.parse("2036-11-29T00:00:00Z") / 1000}`,
      "nifi_rejected_total 2",
      "nifi_processors_stopped f 1",
      "nifi_queued f 5",
      "nifi_queued_bytes f 6",
      "nifi_failed f 0",
      "nifi_fullest_queue_percent f 0",
    ]);
    server.reset({ "GET /connectors": { body: { seen: null, problem: "Connect is away", connectors: [] } } });
    expect(await ask("connect").catch((error: unknown) => String(error))).to.equal("Error: Connect is away");
  });
});
