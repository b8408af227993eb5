import { expect } from "chai";
import { makeRecord, toMessage } from "../../../../components/telemetry/programs/record.ts";
import cases from "./record-cases.json" with { type: "json" };

describe("telemetry record", () => {
  const at = new Date("2026-01-02T03:04:05.678Z");

  it("carries schema, id, node and the time in UTC milliseconds", () => {
    const record = makeRecord({ source: "vmstat", node: "n1", at }, { metric: "vmstat.free", value: 7 });
    expect(record).to.include({
      schema: "millrace.telemetry/1",
      run: null,
      source: "vmstat",
      node: "n1",
      ts: "2026-01-02T03:04:05.678Z",
      metric: "vmstat.free",
      value: 7,
    });
    expect(record.id).to.match(/^[0-9a-f-]{36}$/);
  });

  it("has its fields in the order in which the streams read them fast", () => {
    expect(Object.keys(makeRecord({ source: "vmstat", node: "n1", at }, { metric: "m", value: 7 }))).to.deep.equal(
      Object.keys(cases.record),
    );
  });

  it("is keyed by its node, and by a run header only when it is marked", () => {
    const plain = makeRecord({ source: "iostat", node: "n1", at }, { metric: "m", value: 1 });
    expect(toMessage(plain)).to.deep.equal({ key: "n1", value: JSON.stringify(plain), headers: {} });
    const marked = makeRecord({ source: "proof", node: "n1", at, run: "r" }, { metric: "m", value: 1 });
    expect(toMessage(marked).headers).to.deep.equal({ "millrace-run": "r" });
  });
});
