import { expect } from "chai";
import { Freshness } from "../../../../components/telemetry/programs/freshness.ts";
import type { KafkaMessage, RecordSource } from "../../../../components/telemetry/programs/record.ts";

describe("freshness of a producer", () => {
  const limitMs = 60_000;
  let now: number;
  let freshness: Freshness;
  beforeEach(() => {
    now = 1_000_000;
    freshness = new Freshness({ limitMs, required: ["vmstat"], now: () => now });
  });

  function measure(source: RecordSource): KafkaMessage {
    const message = { key: "node", value: source, headers: {} };
    freshness.measured(message, { source, measuredAt: now });
    return message;
  }

  it("is missing from the start: nothing was acknowledged yet", () => {
    expect(freshness.stale()).to.deep.equal(["vmstat"]);
    measure("vmstat");
    expect(freshness.stale(), "measured, not acknowledged").to.deep.equal(["vmstat"]);
  });

  it("lasts from an acknowledgement until the record is as old as the limit", () => {
    freshness.acknowledged([measure("vmstat")]);
    expect(freshness.stale()).to.deep.equal([]);
    now += limitMs;
    expect(freshness.stale()).to.deep.equal([]);
    now += 1;
    expect(freshness.stale()).to.deep.equal(["vmstat"]);
  });

  it("does not come back with a late acknowledgement of an old record", () => {
    const old = measure("vmstat");
    now += 2 * limitMs;
    freshness.acknowledged([old]);
    expect(freshness.stale()).to.deep.equal(["vmstat"]);
    freshness.acknowledged([measure("vmstat")]);
    expect(freshness.stale()).to.deep.equal([]);
  });

  it("is asked of each source that has measured: one that dies is named beside one that lives", () => {
    freshness.acknowledged([measure("vmstat"), measure("iostat")]);
    now += limitMs + 1;
    freshness.acknowledged([measure("vmstat")]);
    expect(freshness.stale()).to.deep.equal(["iostat"]);
  });

  it("is not asked of a source that a node does not have", () => {
    freshness.acknowledged([measure("vmstat")]);
    expect(freshness.stale()).to.deep.equal([]);
  });
});
