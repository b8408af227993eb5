import { expect } from "chai";
import {
  busyNs,
  podEvents,
  podReadings,
  podsNs,
  processReadings,
  type Reading,
  type Snapshot,
  usageBetween,
} from "../../bench/usage.ts";
import { usageOf } from "../../clusters/embedded/node.ts";

const SECOND = 1e9;
const reading = (at: number, cpuNs: number, memoryBytes = 0): Reading => ({ at, cpuNs, memoryBytes });
const pod = (uid: string, at: number, cpuNs: number) => ({
  ...reading(at, cpuNs, 100),
  uid,
  name: `pod-${uid}`,
  namespace: "millrace",
});
const process = (pid: string, name: string, at: number, cpuNs: number) => ({ ...reading(at, cpuNs, 10), pid, name });
const snapshot = (over: Partial<Snapshot> & Pick<Snapshot, "at">): Snapshot => ({
  pods: [],
  processes: [],
  container: undefined,
  podsNs: undefined,
  machineNs: undefined,
  ...over,
});

describe("readings of CPU and memory", () => {
  it("are those of pods in a kubelet's summary, each with its own time", () => {
    const podRef = { name: "kafka-0", namespace: "millrace", uid: "1" };
    const pods = [
      { podRef, cpu: { time: "2026-11-27T07:40:10Z", usageCoreNanoSeconds: 5 }, memory: { workingSetBytes: 7 } },
      { podRef: { ...podRef, uid: "2" } },
    ];
    expect(podReadings({ pods })).to.deep.equal([
      { ...podRef, at: Date.parse("2026-11-27T07:40:10Z"), cpuNs: 5, memoryBytes: 7 },
    ]);
    expect(podReadings({})).to.deep.equal([]);
  });

  it("are those of processes, whatever their names are", () => {
    const fields = "S 1 1 1 0 -1 4194560 100 0 0 0 150 50 9 9 20 0 10 0 100 1000000 256 18446744073709551615 1";
    expect(processReadings(`7 (etcd) ${fields}\n\n8 (a) b (c) ${fields}\nnonsense\n`, 5)).to.deep.equal([
      { pid: "7", name: "etcd", at: 5, cpuNs: 2 * SECOND, memoryBytes: 2 ** 20 },
      { pid: "8", name: "a) b (c", at: 5, cpuNs: 2 * SECOND, memoryBytes: 2 ** 20 },
    ]);
  });

  it("are those of a container without the page cache, on cgroups v1 and v2", () => {
    const stats = (names: Record<string, number>) => ({
      read: "2026-11-27T07:40:10.5Z",
      cpu_stats: { cpu_usage: { total_usage: 9 } },
      memory_stats: { usage: 100, stats: names },
    });
    const expected = { at: Date.parse("2026-11-27T07:40:10.500Z"), cpuNs: 9, memoryBytes: 70 };
    expect(usageOf(stats({ total_inactive_file: 30, inactive_file: 1 }))).to.deep.equal(expected);
    expect(usageOf(stats({ inactive_file: 30 }))).to.deep.equal(expected);
  });

  it("are those of all pods, on cgroups v1 and v2", () => {
    expect(podsNs("pods 1598789656840\n7 (etcd) S 1\n")).to.equal(1_598_789_656_840);
    expect(podsNs("pods usage_usec 2500\npods user_usec 7\npods nr_periods 0\n")).to.equal(2_500_000);
    expect(podsNs("7 (etcd) S 1\n")).to.equal(undefined);
  });

  it("are the machine's without idle time, waits for disks and what other guests took", () => {
    expect(busyNs("cpu  100 1 20 5000 300 3 4 77 0 0\ncpu0 1 1 1 1\n")).to.equal(1.28 * SECOND);
    expect(busyNs("")).to.equal(undefined);
  });
});

describe("usage between two snapshots", () => {
  it("divides by the time between the kubelet's own looks, most first", () => {
    const before = snapshot({ at: 20_000, pods: [pod("a", 10_000, 0), pod("b", 12_000, SECOND)] });
    const after = snapshot({ at: 40_000, pods: [pod("a", 30_000, SECOND), pod("b", 32_000, 11 * SECOND)] });
    const usage = usageBetween(before, after);
    expect(usage.pods).to.deep.equal([
      { name: "pod-b", cores: 0.5, memoryBytes: 100 },
      { name: "pod-a", cores: 0.05, memoryBytes: 100 },
    ]);
    expect([usage.cores, usage.memoryBytes, usage.machineCores, usage.otherCores]).to.deep.equal([
      0.55,
      200,
      null,
      null,
    ]);
    expect(usage.processes).to.deep.equal([]);
  });

  it("counts a pod that came between from its beginning, and one that the kubelet has not looked at again as idle", () => {
    const before = snapshot({ at: 0, pods: [pod("a", 0, SECOND)] });
    const after = snapshot({ at: 10_000, pods: [pod("a", 0, SECOND), pod("new", 10_000, SECOND)] });
    expect(usageBetween(before, after).pods.map(({ name, cores }) => [name, cores])).to.deep.equal([
      ["pod-new", 0.1],
      ["pod-a", 0],
    ]);
  });

  it("tells the node's processes by name, what none of them shows, and what is not the cluster's", () => {
    const before = snapshot({
      at: 0,
      pods: [pod("a", 0, 0)],
      processes: [process("1", "etcd", 0, 0), process("2", "shim", 0, 0), process("3", "shim", 0, SECOND)],
      container: reading(0, 0, 5),
      podsNs: SECOND,
      machineNs: 0,
    });
    const after = snapshot({
      at: 10_000,
      pods: [pod("a", 10_000, 2 * SECOND)],
      // Process 3 has ended, and its number is another's now.
      processes: [
        process("1", "etcd", 10_000, SECOND),
        process("2", "shim", 10_000, SECOND),
        process("3", "runc", 10_000, SECOND),
        process("4", "shim", 10_000, SECOND),
      ],
      container: reading(10_000, 8 * SECOND, 500),
      // A pod that has ended used a second of these three.
      podsNs: 4 * SECOND,
      machineNs: 9 * SECOND,
    });
    const usage = usageBetween(before, after);
    expect(usage.processes).to.deep.equal([
      { name: "shim", cores: 0.2, memoryBytes: 20 },
      { name: "etcd", cores: 0.1, memoryBytes: 10 },
      { name: "runc", cores: 0.1, memoryBytes: 10 },
      { name: "short-lived", cores: usage.processes.at(-1)?.cores, memoryBytes: 0 },
    ]);
    expect(usage.processes.at(-1)?.cores).to.be.closeTo(0.1, 1e-9);
    expect(usage.podCores).to.equal(0.3);
    expect([usage.cores, usage.memoryBytes, usage.machineCores]).to.deep.equal([0.8, 500, 0.9]);
    expect(usage.otherCores).to.be.closeTo(0.1, 1e-9);
  });
});

describe("events of pods", () => {
  const state = (uid: string, restartCount: number) => ({
    metadata: { name: `pod-${uid}`, uid },
    status: { containerStatuses: [{ restartCount }, { restartCount: 1 }] },
  });

  it("are what came, what went and what restarted", () => {
    expect(podEvents([state("a", 0), state("b", 2)], [state("b", 3), state("c", 5)])).to.deep.equal([
      "started: pod-c",
      "ended: pod-a",
      "restarted: pod-b",
    ]);
  });

  it("are none at rest", () => {
    expect(podEvents([state("a", 4)], [state("a", 4)])).to.deep.equal([]);
    expect(
      podEvents([{ metadata: { name: "new", uid: "1" } }], [{ metadata: { name: "new", uid: "1" } }]),
    ).to.deep.equal([]);
  });
});
