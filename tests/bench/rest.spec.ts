import { expect } from "chai";
import { resultOf, unrestOf } from "../../bench/rest.ts";
import type { UsageBetween } from "../../bench/usage.ts";

const MIB = 2 ** 20;
const usage: UsageBetween = {
  pods: [
    { name: "kafka-0", cores: 0.1, memoryBytes: 500 * MIB },
    { name: "presto-0", cores: 0.05, memoryBytes: 900 * MIB },
  ],
  podCores: 0.15,
  processes: [
    { name: "etcd", cores: 0.04, memoryBytes: 60 * MIB },
    { name: "kthread", cores: 0, memoryBytes: 0 },
    { name: "short-lived", cores: 0.02, memoryBytes: 0 },
  ],
  cores: 0.21,
  memoryBytes: 1700 * MIB,
  machineCores: 0.25,
  otherCores: 0.04,
};
const quiet = { events: [], changed: false, machine: 2 };
const outcome = { profile: "core", seconds: 300, settle: 300, unrest: [] };

describe("the platform at rest", () => {
  it("was at rest when nothing happened and other programs took less than 5 % of the machine", () => {
    expect(unrestOf(usage, quiet)).to.deep.equal([]);
    expect(unrestOf({ ...usage, otherCores: 0.1 }, quiet)).to.deep.equal([]);
    expect(unrestOf({ ...usage, otherCores: null }, quiet)).to.deep.equal([]);
  });

  it("was not when other programs ran, pods came, went or restarted, or an up wrote the state", () => {
    const events = ["started: proof-1", "restarted: kafka-0"];
    expect(unrestOf({ ...usage, otherCores: 0.5 }, { events, changed: true, machine: 2 })).to.deep.equal([
      "pods started: proof-1",
      "pods restarted: kafka-0",
      "the stack's state was changed: an up or a down ran",
      "other programs used 0.50 of 2 cores (25 %; allowed are 5 %)",
    ]);
  });

  it("prints each pod and process that used something, and the whole", () => {
    const { text } = resultOf(usage, outcome);
    expect(text).to.equal(
      [
        "pod       cores   memory",
        "kafka-0   0.100  500 MiB",
        "presto-0  0.050  900 MiB",
        "",
        "process of the node  cores  memory",
        "etcd                 0.040  60 MiB",
        "short-lived          0.020   0 MiB",
        "",
        "0.210 cores over 5 min 00 s, of which pods 0.150; 1700 MiB; wanted <= 0.3 cores",
      ].join("\n"),
    );
  });

  it("is good below the profile's bar, and only where it was at rest", () => {
    const verdictsOf = (cores: number, over = {}): unknown => {
      const { bench, verdicts } = resultOf({ ...usage, cores }, { ...outcome, ...over }).document;
      return { bench, ...verdicts };
    };
    expect(verdictsOf(0.3)).to.deep.equal({ bench: "ok", atRest: true, cores: true });
    expect(verdictsOf(0.31)).to.deep.equal({ bench: "failed", atRest: true, cores: false });
    expect(verdictsOf(0.2, { unrest: ["why"] })).to.deep.equal({ bench: "failed", atRest: false, cores: true });
    expect(verdictsOf(1.5, { profile: "pipeline" })).to.deep.equal({ bench: "ok", atRest: true });
    expect(resultOf(usage, { ...outcome, unrest: ["why"] }).text).to.match(/the platform was not at rest:\n- why$/);
  });

  it("gives what another commit is compared by", () => {
    expect(resultOf(usage, outcome).figures).to.deep.equal([
      { measure: "cores at rest", value: 0.21, unit: "cores" },
      { measure: "cores of the pods at rest", value: 0.15, unit: "cores" },
      { measure: "memory at rest", value: 1700, unit: "MiB" },
    ]);
  });
});
