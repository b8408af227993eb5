import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { loadPod } from "../../bench/kafka/platform.ts";
import { resultOf, setPolicies, type Taken, unfit } from "../../bench/network.ts";

const run = (mb: number) => ({
  produced: { records: 1, recordsPerSecond: 1, mbPerSecond: mb, p50Ms: 1, p99Ms: 1 },
  consumed: { records: 1, recordsPerSecond: 1, mbPerSecond: 2 * mb },
});
const taken = (side: Taken["side"], proofMs: number, mb: number): Taken => ({
  side,
  proofMs,
  kafka: { "1 KB": run(mb), "100 B": run(mb / 2) },
});

describe("the cost of policies", () => {
  it("is good while Kafka keeps 0.95 of its rate and the proof takes no more than a second longer", () => {
    const { document, figures, text } = resultOf([taken("with policies", 9000, 95), taken("without", 8000, 100)]);
    expect(document.verdicts).to.deep.equal({ proof: true, "Kafka, 1 KB, in": true, "Kafka, 100 B, in": true });
    expect(document.bench).to.equal("ok");
    expect(figures?.slice(0, 3)).to.deep.equal([
      { measure: "proof, with policies", value: 9, unit: "s" },
      { measure: "proof, without", value: 8, unit: "s" },
      { measure: "Kafka, 1 KB, in, with policies", value: 95, unit: "MB/s" },
    ]);
    expect(text.split("\n")[2]?.replaceAll(/ +/g, " ")).to.contain("Kafka, 1 KB, in MB/s 95.0 100.0 0.95");
  });

  it("is bad when either is missed, of the middle measurements", () => {
    const slow = [taken("with policies", 9001, 100), taken("without", 8000, 100)];
    expect(resultOf(slow).document.verdicts["proof"]).to.equal(false);
    const thin = [90, 94, 200].map((mb) => taken("with policies", 8000, mb));
    const { document } = resultOf([...thin, taken("without", 8000, 100)]);
    expect(document.bench).to.equal("failed");
    expect(document.verdicts).to.include({ "Kafka, 1 KB, in": false, proof: true });
  });

  it("is not measured on a network that is not as the side has it", () => {
    const proof = { ok: true, failedHop: null };
    expect(unfit("with policies", { ...proof, policies: "enforced" })).to.equal(undefined);
    expect(unfit("without", { ...proof, policies: null })).to.equal(undefined);
    expect(unfit("with policies", { ...proof, policies: "not enforced" })).to.equal(
      'with policies: the proof found policies "not enforced" instead of "enforced"',
    );
    expect(unfit("without", { ...proof, policies: "enforced" })).to.contain('"enforced" instead of "none"');
    expect(unfit("without", { ok: false, failedHop: "spark", policies: null })).to.equal("the proof is red at spark");
  });

  it("changes one setting of the copy's stack and keeps the rest", () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-network-"));
    const file = join(folder, "Pulumi.dev.yaml");
    try {
      writeFileSync(file, "config:\n  millrace:cluster:\n    target: embedded # or minikube\n");
      setPolicies(folder, false);
      setPolicies(folder, true);
      expect(parse(readFileSync(file, "utf8"))).to.deep.equal({
        config: { "millrace:cluster": { target: "embedded" }, "millrace:network": { policies: true } },
      });
      writeFileSync(file, "config:\n  millrace:network:\n    outside: []\n");
      setPolicies(folder, false);
      expect(parse(readFileSync(file, "utf8"))).to.deep.equal({
        config: { "millrace:network": { outside: [], policies: false } },
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the pod that sends Kafka's load", () => {
  it("has the labels by which policies let the Job of the topics connect to the broker", () => {
    expect(loadPod("bench-1", "kafka:1", "true"))
      .to.have.nested.property("metadata.labels")
      .that.deep.equals({
        "app.kubernetes.io/name": "kafka-topics",
        "app.kubernetes.io/component": "setup",
      });
  });
});
