import { expect } from "chai";

import { usedSince } from "../../cli/cpu-meter.ts";
import {
  longestChain,
  ownCpuSeconds,
  renderPath,
  renderTiming,
  type TimedStep,
  Timeline,
  timingOf,
} from "../../cli/timeline.ts";

const step = (id: string, beganMs: number, ms: number, after: readonly string[] = []): TimedStep => {
  return { id, title: id, beganMs, ms, after };
};
const names = (steps: readonly TimedStep[]): string[] => longestChain(steps).map(({ id }) => id);

describe("the longest chain of steps", () => {
  it("is the one that takes longest in all, not the one with the most steps", () => {
    const steps = [
      step("cluster", 0, 10),
      step("postgres", 10, 5, ["cluster"]),
      step("postgres-setup", 15, 4, ["postgres"]),
      step("metastore", 19, 8, ["postgres-setup"]),
      step("presto", 10, 20, ["cluster"]),
    ];
    expect(names(steps)).to.deep.equal(["cluster", "presto"]);
    expect(names([...steps, step("driver", 27, 9, ["metastore", "cluster"])])).to.deep.equal([
      "cluster",
      "postgres",
      "postgres-setup",
      "metastore",
      "driver",
    ]);
  });

  it("is found whatever the order in which steps ended", () => {
    const steps = [step("c", 3, 1, ["b"]), step("b", 1, 2, ["a"]), step("a", 0, 1), step("d", 0, 3)];
    expect(names(steps)).to.deep.equal(["a", "b", "c"]);
  });

  it("counts for nothing what is not known, and ends where steps wait for each other", () => {
    expect(names([step("a", 0, 2, ["gone"]), step("b", 2, 1, ["a"])])).to.deep.equal(["a", "b"]);
    expect(names([step("a", 0, 2, ["b"]), step("b", 0, 1, ["a"])])).to.have.members(["a", "b"]);
  });

  it("counts once what two steps share, so that it is never longer than the command", () => {
    const steps = [step("old", 0, 10), step("image", 0, 30), step("new", 5, 35, ["old", "image"])];
    expect(longestChain(steps)).to.deep.equal([
      { ...step("image", 0, 30) },
      { ...step("new", 30, 10, ["old", "image"]) },
    ]);
    expect(timingOf(steps, 40_000, null).criticalPathMs).to.equal(40);
    const early = [step("a", 0, 50), step("b", 5, 5, ["a"]), step("c", 20, 31, ["b"])];
    expect(timingOf(early, 51_000, null).criticalPathMs, "one ended before what it follows").to.equal(51);
  });

  it("is empty without steps", () => {
    expect(names([])).to.deep.equal([]);
  });
});

describe("a timeline", () => {
  it("notes when steps begin and how long they take, each after those that had ended", async () => {
    let now = 1_000;
    const timeline = new Timeline(() => now);
    await timeline.during("checks", () => {
      now += 300;
      return Promise.resolve();
    });
    const end = timeline.begin("urn", "Job proof", ["other"]);
    now += 200;
    end();
    const open = timeline.begin("open", "never ends");
    expect(open).to.be.a("function");
    await timeline.during("addresses", () => {
      now += 100;
      return Promise.resolve();
    });
    expect(timeline.steps).to.deep.equal([
      { id: "checks", title: "checks", beganMs: 0, ms: 300, after: [] },
      { id: "urn", title: "Job proof", beganMs: 300, ms: 200, after: ["other"] },
      { id: "addresses", title: "addresses", beganMs: 500, ms: 100, after: ["checks", "urn"] },
    ]);
    expect(timeline.elapsedMs).to.equal(600);
  });

  it("has no step that failed", async () => {
    const timeline = new Timeline(() => 0);
    const failed = timeline.during("checks", () => Promise.reject(new Error("no")));
    expect(await failed.catch((error: unknown) => String(error))).to.equal("Error: no");
    expect(timeline.steps).to.deep.equal([]);
  });
});

describe("timing", () => {
  const steps = [step("cluster", 0, 12_500), step("driver", 14_000, 47_500, ["cluster"]), step("presto", 14_000, 100)];

  it("compares the wall time with the longest chain where that is longer", () => {
    const timing = timingOf(steps, 72_000, 80, 2);
    expect(timing).to.deep.equal({
      wallMs: 72_000,
      criticalPathMs: 60_000,
      cpuSeconds: 80,
      cores: 2,
      ratio: 1.2,
      path: [
        { step: "cluster", beganMs: 0, ms: 12_500 },
        { step: "driver", beganMs: 14_000, ms: 47_500 },
      ],
    });
    expect(renderTiming(timing)).to.equal(
      "critical path 1 min 00 s, 80 CPU-seconds on 2 cores (40.0 s); the wall time is 1.20 times the larger",
    );
    expect(renderPath(timing).split("\n")).to.deep.equal([
      "critical path  began after    took",
      "cluster               0 ms  12.5 s",
      "driver              14.0 s  47.5 s",
    ]);
  });

  it("compares it with the processors' time where there is more to do than two cores can in the meantime", () => {
    expect(timingOf(steps, 90_000, 150, 2).ratio).to.equal(1.2);
  });

  it("goes by the chain alone where nobody says the processors' time", () => {
    expect(renderTiming(timingOf(steps, 90_000, null, 2))).to.equal(
      "critical path 1 min 00 s; the wall time is 1.50 times that",
    );
  });
});

describe("processor time", () => {
  it("is read from the kernel with that of children that have ended, whatever the program is called", () => {
    const stat = "7 (a) b) c) S 1 7 7 0 -1 4194304 99 0 0 0 250 50 120 30 20 0 11 0 12345 0 0";
    expect(ownCpuSeconds(stat)).to.equal(4.5);
    expect(ownCpuSeconds()).to.be.greaterThan(0);
  });

  it("of the cluster counts from the command's start, or from the container's where it was started since", () => {
    const before = { startedAt: "10:00", seconds: 100 };
    expect(usedSince(before, { startedAt: "10:00", seconds: 130 })).to.equal(30);
    expect(usedSince(before, { startedAt: "10:05", seconds: 40 })).to.equal(40);
    expect(usedSince(undefined, { startedAt: "10:05", seconds: 40 })).to.equal(40);
  });
});
