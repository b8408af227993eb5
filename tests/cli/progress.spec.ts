import { expect } from "chai";

import { createProgress, during, duringEach, type Progress } from "../../cli/progress.ts";

function recorder(): { written: string[]; progress: Progress; at: (ms: number) => void } {
  const written: string[] = [];
  let time = 0;
  const progress = createProgress({
    sink: { write: (text: string) => written.push(text) },
    live: false,
    now: () => time,
    reportEveryMs: 20,
  });
  return {
    written,
    progress,
    at(ms) {
      time = ms;
    },
  };
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("progress without a terminal", () => {
  it("writes a line when a step starts and one with its time when it ends", () => {
    const { written, progress, at } = recorder();
    const step = progress.step("build");
    at(1500);
    step.done("3 images");
    progress.stop();
    expect(written).to.deep.equal(["> build\n", "✓ build (1.5 s): 3 images\n"]);
  });

  it("reports a step that goes on, with what it does", async () => {
    const { written, progress, at } = recorder();
    const step = progress.step("build");
    step.detail("kafka");
    at(20_000);
    await wait(60);
    progress.stop();
    expect(written.join("")).to.contain("still running after 20.0 s: kafka");
  });

  it("never writes control characters", () => {
    const { written, progress } = recorder();
    progress.step("a").failed("no");
    progress.log("b");
    progress.stop();
    expect(written.join("")).to.not.contain("\x1b");
  });

  it("marks a step whose work throws as failed and passes the error on", async () => {
    const { written, progress } = recorder();
    const error = await during(progress, "work", () => Promise.reject(new Error("no"))).catch((e: unknown) => e);
    expect((error as Error).message).to.equal("no");
    expect(written.at(-1)).to.contain("✗ work");
  });

  it("ends a step once only", () => {
    const { written, progress } = recorder();
    const step = progress.step("once");
    step.done();
    step.failed();
    expect(written).to.have.length(2);
  });
});

describe("progress on a terminal", () => {
  it("redraws running steps in place and cuts them to the width", async () => {
    const written: string[] = [];
    const progress = createProgress({
      sink: { write: (text: string) => written.push(text), columns: 40 },
      live: true,
    });
    const step = progress.step("a step");
    step.detail("x".repeat(100));
    const draws = (): string[] => written.filter((text) => text.includes("a step"));
    while (draws().length < 2) await wait(50);
    progress.stop();
    const drawn = draws();
    expect(drawn.every((text) => text.trimEnd().length < 40)).to.equal(true);
    expect(written).to.include("\x1b[1A\x1b[0J");
  });
});

describe("work on several things", () => {
  it("has a step for each, which ends when it is ready", async () => {
    const { written, progress } = recorder();
    await duringEach(progress, (report) => {
      report("kafka", "downloading");
      report("spark", "building");
      report("kafka", "ready in 3 s");
      return Promise.resolve();
    });
    progress.stop();
    const text = written.join("");
    expect(text).to.contain("> kafka").and.contain("> spark");
    expect(text).to.match(/✓ kafka \(.*\): ready in 3 s/);
    expect(text.match(/kafka \(/g)).to.have.length(1);
  });

  it("fails the open steps when it fails", async () => {
    const { written, progress } = recorder();
    const failing = duringEach(progress, (report) => {
      report("kafka", "downloading");
      return Promise.reject(new Error("no network"));
    });
    expect(((await failing.catch((error: unknown) => error)) as Error).message).to.equal("no network");
    expect(written.join("")).to.contain("✗ kafka").and.not.contain("✓");
  });
});
