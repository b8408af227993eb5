import { expect } from "chai";
import { type PlatformPod, resultOf, victimsOf } from "../../bench/kill.ts";

const pod = (
  name: string,
  labels: readonly [service: string, component: string],
  kind = "StatefulSet",
): PlatformPod => ({
  metadata: {
    name,
    uid: `uid of ${name}`,
    namespace: "millrace",
    labels: { "app.kubernetes.io/name": labels[0], "app.kubernetes.io/component": labels[1] },
    ownerReferences: [{ kind }],
  },
  spec: { containers: [] },
});
const pods = [
  pod("presto-0", ["presto", "coordinator"]),
  pod("kafka-1", ["kafka", "broker"]),
  pod("kafka-0", ["kafka", "broker"]),
  pod("proof-x", ["proof", "check"], "Job"),
  pod("executor-1", ["spark", "executor"], "Pod"),
];

describe("the pods that are killed", () => {
  it("are those that something keeps up, each once, by their service and role", () => {
    expect(victimsOf(pods).map(({ name }) => name)).to.deep.equal(["kafka-0", "kafka-1", "presto/coordinator"]);
    expect(victimsOf(pods, "presto")).to.deep.equal([
      { name: "presto/coordinator", pod: "presto-0", uid: "uid of presto-0", namespace: "millrace" },
    ]);
  });

  it("leave out one that is being deleted, and are refused where there is none", () => {
    const [first] = pods;
    const going = {
      ...first,
      metadata: { ...first?.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" },
    } as PlatformPod;
    expect(() => victimsOf([going])).to.throw("no pod of the platform runs; npm run up");
    expect(() => victimsOf(pods, "prest")).to.throw('--service "prest" has no pod; there are kafka, presto');
  });
});

describe("the repair of killed pods", () => {
  const repairs = [
    { name: "kafka", seconds: 31.25, redProofs: 0 },
    { name: "presto", seconds: 80, redProofs: 1 },
  ];

  it("is good when each was repaired within the bar, and each is a figure to compare", () => {
    const { document, figures, text } = resultOf(repairs, { profile: "core", pods: 2 });
    expect(document.verdicts).to.deep.equal({ allRepaired: true, slowest: true });
    expect(document.bench).to.equal("ok");
    expect(figures).to.deep.equal([
      { measure: "kafka killed, proof green", value: 31.25, unit: "s" },
      { measure: "presto killed, proof green", value: 80, unit: "s" },
    ]);
    expect(text.split("\n").at(-1)).to.equal("2 of 2 pods killed; slowest 80.0 s; wanted <= 90 s");
  });

  it("is bad when one was slower than the bar, was not repaired, or was never killed", () => {
    const slow = resultOf([{ name: "kafka", seconds: 91, redProofs: 2 }], { profile: "core", pods: 1 });
    expect(slow.document.verdicts).to.deep.equal({ allRepaired: true, slowest: false });
    const broken = resultOf([{ name: "kafka", seconds: null, redProofs: 9 }], { profile: "core", pods: 1 });
    expect(broken.document.verdicts).to.deep.equal({ allRepaired: false, slowest: false });
    expect(broken.figures).to.deep.equal([{ measure: "kafka killed, proof green", value: null, unit: "s" }]);
    expect(resultOf(repairs, { profile: "full", pods: 3 }).document.bench).to.equal("failed");
  });
});
