import { expect } from "chai";

import { countChanges, EngineProgress, renderChanges } from "../../cli/engine-progress.ts";
import { createProgress } from "../../cli/progress.ts";
import { Timeline } from "../../cli/timeline.ts";
import type { EngineEvent } from "../../engine/types.ts";

const none = { create: 0, update: 0, replace: 0, delete: 0, same: 0, read: 0 };

function shown(...events: EngineEvent[]): { text: string; deploy: EngineProgress } {
  const written: string[] = [];
  const progress = createProgress({ sink: { write: (text: string) => written.push(text) }, live: false });
  const deploy = new EngineProgress(progress, "deploy");
  events.forEach(deploy.onEvent);
  progress.stop();
  return { text: written.join(""), deploy };
}

const job = {
  kind: "resource",
  op: "create",
  urn: "urn:pulumi:dev::millrace::kubernetes:batch/v1:Job::proof",
  type: "kubernetes:batch/v1:Job",
  name: "proof",
} as const;

describe("the engine's events", () => {
  it("become a line per change, and none for what stays the same", () => {
    const { text } = shown(
      { ...job, status: "start" },
      { ...job, status: "done", elapsedMs: 1500 },
      { ...job, op: "same", urn: "x", name: "unchanged", status: "done" },
    );
    expect(text).to.contain("+ Job proof (1.5 s)");
    expect(text).to.not.contain("unchanged");
  });

  it("show what an update changes", () => {
    expect(shown({ ...job, op: "update", status: "done", diff: ["spec.replicas"] }).text).to.contain(
      "~ Job proof: spec.replicas",
    );
  });

  it("open a step for what is waited for, and close it with the failure's cause", () => {
    const { text } = shown(
      { ...job, status: "progress", message: "pod is pending" },
      { ...job, status: "failed", message: "image can't be pulled" },
    );
    expect(text)
      .to.contain("> Job proof")
      .and.match(/✗ Job proof \(.*\): image can't be pulled/);
  });

  it("show warnings and violated policies, and leave out errors, which the result has, and what is for debugging", () => {
    const { text } = shown(
      { kind: "diagnostic", severity: "warning", message: "one broker" },
      { kind: "diagnostic", severity: "debug", message: "noise" },
      { kind: "diagnostic", severity: "error", message: "the cause" },
      {
        kind: "policy",
        pack: "millrace",
        policy: "pinned-images",
        level: "mandatory",
        message: "latest",
        urn: job.urn,
      },
    );
    expect(text).to.contain("warning: one broker").and.contain("mandatory policy pinned-images (proof): latest");
    expect(text).to.not.contain("noise").and.not.contain("the cause");
  });

  it("tell whether the proof ran in this run, also when it failed", () => {
    expect(shown({ ...job, status: "failed" }).deploy.hasChanged(job.type, "proof")).to.equal(true);
    expect(shown({ ...job, op: "same", status: "done" }).deploy.hasChanged(job.type, "proof")).to.equal(false);
  });
});

describe("the timeline of a deploy", () => {
  function noted(...events: (EngineEvent | number)[]): { timeline: Timeline; deploy: EngineProgress } {
    let now = 0;
    const timeline = new Timeline(() => now);
    const progress = createProgress({ sink: { write: () => true }, live: false });
    const deploy = new EngineProgress(progress, "deploy", timeline);
    for (const event of events) {
      if (typeof event === "number") now += event;
      else deploy.onEvent(event);
    }
    progress.stop();
    return { timeline, deploy };
  }

  it("has each resource after the program's start and after what it depends on", () => {
    const dependencies = ["urn of kafka"];
    const { timeline, deploy } = noted(
      3_000,
      { ...job, status: "start", dependencies },
      2_000,
      { ...job, status: "progress", message: "the job runs", dependencies },
      { ...job, status: "done", dependencies },
    );
    expect(timeline.steps).to.deep.equal([
      { id: "program", title: "start of the program", beganMs: 0, ms: 3_000, after: [] },
      { id: job.urn, title: "Job proof", beganMs: 3_000, ms: 2_000, after: ["program", "urn of kafka"] },
    ]);
    expect(deploy.isTimed).to.equal(true);
  });

  it("has no resources where the engine tells no dependencies: chains would end where they do not", () => {
    const { timeline, deploy } = noted(3_000, { ...job, status: "start" }, { ...job, status: "done" });
    expect(timeline.steps.map(({ id }) => id)).to.deep.equal(["program"]);
    expect(deploy.isTimed).to.equal(false);
  });
});

describe("changes", () => {
  it("are summed up in the tense of the run", () => {
    expect(renderChanges({ ...none, create: 3, delete: 1, same: 4 }, true)).to.equal(
      "3 created, 1 deleted (4 unchanged)",
    );
    expect(renderChanges({ ...none, update: 2 }, false)).to.equal("2 to update (0 unchanged)");
  });

  it("are `0 changes` when nothing changed", () => {
    expect(renderChanges({ ...none, same: 41 }, true)).to.equal("0 changes (41 unchanged)");
    expect(countChanges({ ...none, same: 41, read: 2 })).to.equal(0);
  });
});
