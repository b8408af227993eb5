import { expect } from "chai";
import { isValid, readRecord } from "../../../../components/telemetry/programs/read-record.ts";
import { recordCases } from "../../../support/record-cases.ts";

const kafkaTime = new Date("2025-03-02T12:00:08.000Z");

describe("records as readers in TypeScript take them", () => {
  for (const { name, value, headers, expected } of recordCases("run-1", kafkaTime)) {
    it(`${"error" in expected ? "are no records" : "are valid"}: ${name}`, () => {
      const read = readRecord({ value, headers, timestamp: String(kafkaTime.getTime()) });
      if (!isValid(read) || "error" in expected) {
        expect(read).to.deep.equal(expected);
        return;
      }
      expect({ ...read, ts: new Date(read.ts).toISOString() }).to.deep.equal({
        ...expected,
        ts: `${expected.ts.slice(0, -3)}Z`,
      });
    });
  }

  it("have the run of the first of several headers", () => {
    const headers = { "millrace-run": [Buffer.from("run-1"), Buffer.from("run-2")] };
    expect(readRecord({ value: null, headers, timestamp: "0" })).to.deep.equal({ error: "null value", run: "run-1" });
  });
});
