import { expect } from "chai";
import { connectorAnswer, connectorStatus } from "../../../components/connect/status.ts";

const connector = {
  name: "a",
  isOurs: true,
  condition: "failed",
  tasks: { running: 0, all: 1 },
  lag: 12,
  restarts: 3,
  problem: "bucket b is not there",
  lastFailure: { at: "2026-11-28T10:00:00.000Z", words: "bucket b is not there" },
  nextStart: "2026-11-28T10:01:20.000Z",
};

describe("the connectors in npm run status", () => {
  it("are a table with tasks, lag, restarts and the last failure, and those that are broken are faults", () => {
    const { table, faults } = connectorAnswer({ seen: "2026-11-28T10:01:00.000Z", connectors: [connector] });
    expect(table?.rows).to.deep.equal([
      ["a", "failed", "0/1", "12", "3", "2026-11-28T10:00:00Z bucket b is not there"],
    ]);
    expect(table?.below).to.deep.equal(["connector a is started anew at 2026-11-28T10:01:20Z"]);
    expect(faults).to.deep.equal(["connector a has failed: bucket b is not there"]);
  });

  it("of others are shown and are no fault of the platform's", () => {
    const { table, faults } = connectorAnswer({ seen: null, connectors: [{ ...connector, isOurs: false }] });
    expect(table?.rows[0]?.[0]).to.equal("a (not the platform's)");
    expect(faults).to.deep.equal([]);
  });

  it("are not asked for where Connect is off, and unknown where nobody answers", async () => {
    const ask = (): Promise<never> => Promise.reject(new Error("HTTP 503"));
    expect(await connectorStatus({ enabled: false }, { ask })).to.equal(undefined);
    const failure: unknown = await connectorStatus({ enabled: true }, { ask }).catch((error: unknown) => error);
    expect((failure as Error).message).to.contain("(HTTP 503), so nothing is known of them");
  });
});
