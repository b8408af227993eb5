import { expect } from "chai";
import { envOf } from "../../support/fixtures.ts";
import { mock } from "../../support/mocks.ts";

let run = 0;

/** What the proof is told of rooms, and which hops it is told to leave out, by what the stack says of services. */
async function told(services: object): Promise<{ rooms: Record<string, unknown>; skipped: Record<string, string> }> {
  const mocked = await mock({ config: { "millrace:profile": "streams", "millrace:services": services } });
  run += 1;
  await import(`../../../index.ts?race-windows-room=${run}`);
  const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "proof");
  const text = envOf(inputs)["PROOF_CONFIG"] ?? "";
  return JSON.parse(text) as Awaited<ReturnType<typeof told>>;
}

describe("what the race's windows tell the proof", () => {
  it("is who computes them, and Flink tells where its JobManager is and how often it makes checkpoints", async () => {
    const both = await told({
      raceWindows: { enabled: true, windowSeconds: 20 },
      flink: { enabled: true, checkpointSeconds: 7 },
    });
    expect(both.rooms).to.deep.include({
      raceWindows: { engines: ["spark", "flink"], windowSeconds: 20, latenessSeconds: 5 },
      flink: { url: "http://flink.millrace.svc:8081", checkpointSeconds: 7 },
    });
    expect(both.skipped).to.not.have.any.keys("race-spark", "race-flink");
  });

  it("has no Flink where there is none, with the reason", async () => {
    const { rooms, skipped } = await told({ flink: { enabled: false } });
    expect(rooms).to.not.have.property("flink");
    expect(skipped["race-flink"]).to.equal("flink is off (services.flink.enabled: false)");
  });
});
