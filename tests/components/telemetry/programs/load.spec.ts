import { expect } from "chai";
import { makeLoad } from "../../../../components/telemetry/programs/load.ts";
import type { TelemetryRecord } from "../../../../components/telemetry/programs/record.ts";

describe("load", () => {
  it("makes exactly rate times seconds records, each with its own id and whole value", async () => {
    const records: TelemetryRecord[] = [];
    const load = makeLoad({ rate: 2000, seconds: 0.1, tickMs: 5, origin: { source: "bench", node: "b", run: "r" } });
    await load(new AbortController().signal, (made) => records.push(...made));
    expect(records).to.have.length(200);
    expect(new Set(records.map(({ id }) => id)).size).to.equal(200);
    expect(records.map(({ value }) => value)).to.deep.equal(Array.from({ length: 200 }, (_, index) => index));
  });
});
