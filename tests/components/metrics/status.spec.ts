import { expect } from "chai";
import { alertsAnswer, alertsStatus } from "../../../components/metrics/status.ts";

describe("the status of alerts", () => {
  const alert = (state: string, severity: string, summary: string) => ({
    name: "A",
    state,
    activeAt: "2026-11-29T10:00:00Z",
    labels: { severity },
    annotations: { summary, runbook: "Look." },
  });

  it("has those that hold, grave ones first, each with what to do", () => {
    const { faults, json } = alertsAnswer({
      data: {
        alerts: [
          alert("firing", "warning", "Slow."),
          alert("pending", "critical", "Not yet."),
          alert("firing", "critical", "Down."),
        ],
      },
    });
    expect(faults).to.deep.equal([
      "Down. Since 2026-11-29T10:00:00Z. Look.",
      "Slow. Since 2026-11-29T10:00:00Z. Look.",
    ]);
    expect(json).to.have.length(2);
  });

  it("asks vmalert, and nobody where there are no metrics", async () => {
    const asked: string[] = [];
    const ask = <T>(_: string, service: string, path: string): Promise<T> => {
      asked.push(`${service}${path}`);
      return Promise.resolve({ data: { alerts: [] } } as T);
    };
    expect(await alertsStatus({ enabled: true }, { ask })).to.deep.equal({ json: [], faults: [] });
    expect(await alertsStatus({}, { ask })).to.equal(undefined);
    expect(asked).to.deep.equal(["metrics-alerts:8880/api/v1/alerts"]);
  });
});
