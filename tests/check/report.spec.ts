import { expect } from "chai";
import { hopJson, hopLine, proofJson, proofLines, skippedJson, skippedLine } from "../../check/report.ts";
import type { Enforcement } from "../../check/enforcement.ts";
import type { HopResult, ProofResult } from "../../check/runner.ts";

const good: HopResult = {
  hop: "kafka",
  ok: true,
  count: 200,
  distinct: 200,
  checksum: "339300",
  ms: 1234,
  message: "sent and read back",
};
const bad: HopResult = { ...good, hop: "spark", ok: false, count: 0, distinct: 0, checksum: "0", message: "0 of 200" };

describe("proof report", () => {
  it("prints a hop as one JSON line with the agreed fields in order", () => {
    expect(hopJson(good)).to.equal(
      '{"hop":"kafka","ok":true,"count":200,"distinct":200,"checksum":"339300","ms":1234,"message":"sent and read back"}',
    );
  });

  it("ends with one JSON line that gives the verdict", () => {
    const ok: ProofResult = { ok: true, hops: [good], skipped: [], warnings: [], ms: 1500 };
    expect(proofJson("r1", ok)).to.equal('{"proof":"ok","run":"r1","hops":["kafka"],"ms":1500}');
    const failed: ProofResult = {
      ok: false,
      hops: [good, bad],
      failedHop: "spark",
      skipped: [],
      warnings: ["w"],
      ms: 9,
    };
    expect(proofJson("r1", failed)).to.equal(
      '{"proof":"failed","run":"r1","failedHop":"spark","hops":["kafka","spark"],"ms":9,"warnings":["w"]}',
    );
  });

  it("prints a line per hop for people", () => {
    expect(hopLine(good)).to.equal(
      "ok      kafka          1.2 s  count 200  distinct 200  checksum 339300  sent and read back",
    );
    expect(hopLine(bad)).to.equal("MISSING spark          1.2 s  0 of 200");
  });

  it("prints what is not asked with the reason, and counts it in the verdict", () => {
    const skipped = { hop: "display", reason: "display is off (services.display.enabled: false)" };
    expect(skippedJson(skipped)).to.equal(
      '{"skipped":"display","reason":"display is off (services.display.enabled: false)"}',
    );
    expect(skippedLine(skipped)).to.equal(
      "skipped display               display is off (services.display.enabled: false)",
    );
    const ok: ProofResult = { ok: true, hops: [good], skipped: [], warnings: [], ms: 1500 };
    expect(proofLines("r1", ok, [skipped])).to.deep.equal(["proof ok: 1 hops in 1.5 s, 1 skipped (run r1)"]);
  });

  it("says at the very end where policies are not enforced, and that it is not known where nothing was tried", () => {
    const ok: ProofResult = { ok: true, hops: [good], skipped: [], warnings: [], ms: 1500 };
    expect(proofJson("r1", ok, "enforced")).to.equal(
      '{"proof":"ok","run":"r1","hops":["kafka"],"ms":1500,"policies":"enforced"}',
    );
    const last = (policies: Enforcement) => proofLines("r1", ok, [], policies).at(-1);
    expect(last("enforced")).to.equal("proof ok: 1 hops in 1.5 s, 0 skipped (run r1)");
    expect(last("not enforced")).to.equal(
      "policies are not enforced here: the proof has reached a server that they close to it",
    );
    expect(last("unknown")).to.equal(
      "whether policies are enforced here is not known: the server to try was not found",
    );
  });

  it("names the missing hop in the verdict for people, after the warnings", () => {
    const failed: ProofResult = {
      ok: false,
      hops: [bad],
      failedHop: "spark",
      skipped: [],
      warnings: ["not removed: x"],
      ms: 2000,
    };
    expect(proofLines("r1", failed)).to.deep.equal([
      "warning: not removed: x",
      "proof FAILED at hop spark after 2.0 s (run r1)",
    ]);
  });
});
