import { expect } from "chai";
import { readState } from "../../../../components/portal/programs/state.ts";
import { FakeServer } from "../../../support/fake-server.ts";

describe("what the portal knows", () => {
  let server: FakeServer;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());

  const vector = (...rows: readonly (readonly [Record<string, string>, number])[]) => ({
    body: { data: { result: rows.map(([metric, value]) => ({ metric, value: [1, String(value)] })) } },
  });
  const kafka = { service: "kafka" };
  const reader = { consumergroup: "lake", topic: "telemetry" };
  const answers: readonly (readonly [RegExp, ReturnType<typeof vector>])[] = [
    [/^count by \(service\)/, vector([kafka, 3], [{ service: "airflow" }, 1])],
    [/^sum by \(service\) \(millrace_pod_ready\)$/, vector([kafka, 2], [{ service: "airflow" }, 1])],
    [/restarts/, vector([kafka, 4])],
    [/container_cpu/, vector([kafka, 0.25])],
    [/container_memory/, vector([kafka, 1024])],
    [/^sum by \(topic\)/, vector([{ topic: "race" }, 5], [{ topic: "telemetry" }, 12])],
    [/current_offset/, vector([reader, 11])],
    [/lag/, vector([reader, 70])],
    [/last_success/, vector([{ cronjob: "postgres-backup" }, Date.parse("2026-11-29T03:17:00Z") / 1000])],
    [/last_failed/, vector([{ cronjob: "postgres-backup" }, 0], [{ cronjob: "weekly" }, 1])],
  ];
  const routes = {
    "GET /api/v1/query": ({ path }: { readonly path: string }) => {
      const query = new URL(path, "http://x").searchParams.get("query") ?? "";
      return answers.find(([asked]) => asked.test(query))?.[1] ?? vector();
    },
    "GET /api/v1/alerts": {
      body: {
        data: {
          alerts: ["firing", "pending"].map((state) => ({
            name: "KafkaLagGrows",
            state,
            activeAt: "2026-11-29T10:00:00Z",
            labels: { severity: "warning" },
            annotations: { summary: "It lags.", runbook: "Look." },
          })),
        },
      },
    },
    "POST /select/logsql/query": { body: '{"_time":"2026-11-29T09:00:00Z","_msg":"proof ok: 15 hops in 43.8 s"}\n' },
  };
  const read = () => readState({ metricsUrl: server.url, logsUrl: server.url });

  it("is how each service is, what flows, what is wrong, and what ran last", async () => {
    server.reset(routes);
    const { at, ...state } = await read();
    expect(Date.parse(at)).to.be.closeTo(Date.now(), 10_000);
    expect(state).to.deep.equal({
      problems: [],
      services: [
        { name: "airflow", wanted: 1, ready: 1, restarts: 0 },
        { name: "kafka", wanted: 3, ready: 2, restarts: 4, cpu: 0.25, memory: 1024 },
      ],
      topics: [
        { topic: "telemetry", perSecond: 12 },
        { topic: "race", perSecond: 5 },
      ],
      readers: [{ group: "lake", topic: "telemetry", perSecond: 11, lag: 70 }],
      alerts: [
        {
          name: "KafkaLagGrows",
          severity: "warning",
          summary: "It lags.",
          runbook: "Look.",
          labels: { severity: "warning" },
          since: "2026-11-29T10:00:00Z",
        },
      ],
      proof: { at: "2026-11-29T09:00:00Z", ok: true, words: "proof ok: 15 hops in 43.8 s" },
      scheduled: [
        { name: "postgres-backup", lastSuccess: "2026-11-29T03:17:00.000Z", hasFailed: false },
        { name: "weekly", lastSuccess: null, hasFailed: true },
      ],
    });
  });

  it("is as much as can be asked, with what can't", async () => {
    server.reset({ ...routes, "GET /api/v1/alerts": { status: 503, body: "busy" } });
    const { problems, services, alerts } = await read();
    expect(problems).to.deep.equal([`alerts: ${server.url}/api/v1/alerts answers 503: busy`]);
    expect([services.length, alerts.length]).to.deep.equal([2, 0]);
    const nothing = await readState({ metricsUrl: "http://127.0.0.1:1" });
    expect(nothing.problems.join()).to.match(/^(alerts.+,)?figures: http:\/\/127\.0\.0\.1:1\/\S+ can't be reached/);
    expect(nothing).not.to.have.property("proof");
  });

  it("has no proof before there was one, and tells one that failed", async () => {
    server.reset({ ...routes, "POST /select/logsql/query": { body: "" } });
    expect(await read()).not.to.have.property("proof");
    const failed = '{"_time":"2026-11-29T09:00:00Z","_msg":"proof FAILED at hop kafka after 3.0 s"}';
    server.reset({ ...routes, "POST /select/logsql/query": { body: failed } });
    expect((await read()).proof).to.include({ ok: false });
  });
});
