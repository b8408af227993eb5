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
    const text = (service: string, path: string): Promise<string> => {
      asked.push(`${service}${path}`);
      return Promise.resolve('vm_storage_is_read_only{path="/data"} 0\n');
    };
    expect(await alertsStatus({ enabled: true }, { ask, text })).to.deep.equal({ json: [], faults: [] });
    expect(await alertsStatus({}, { ask, text })).to.equal(undefined);
    expect(asked).to.have.members(["metrics:8428/metrics", "metrics-alerts:8880/api/v1/alerts"]);
  });

  it("says that the store is full, since no alert can", async () => {
    const ask = <T>(): Promise<T> => Promise.resolve({ data: { alerts: [] } } as T);
    const full = () => Promise.resolve('vm_storage_is_read_only{path="/data"} 1\n');
    const faults = (await alertsStatus({ enabled: true }, { ask, text: full }))?.faults ?? [];
    expect(faults).to.have.length(1);
    expect(faults[0]).to.match(/takes nothing more.*services\.metrics\.storage\.size/);
    const silent = () => Promise.reject(new Error("away"));
    expect(await alertsStatus({ enabled: true }, { ask, text: silent })).to.deep.equal({ json: [], faults: [] });
  });
});
