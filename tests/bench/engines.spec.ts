import { expect } from "chai";
import { figuresOf, resultOf, type WrittenWindow } from "../../bench/engines.ts";
import type { RaceWindow } from "../../components/race-windows/programs/reference.ts";

const length = { windowSeconds: 10, latenessSeconds: 5 };
const window = (start: number, count = 100, car = "a"): RaceWindow => ({ car, start, count }) as RaceWindow;
/** @param late From when the window could be closed to its row, in ms. */
const row = (start: number, late: number, count = 100, car = "a"): WrittenWindow => ({
  car,
  start,
  count,
  writtenAt: start + 15_000 + late,
});

describe("the windows of an engine", () => {
  it("are late from when a sample could close them, and after a kill by themselves", () => {
    const right = [0, 10_000, 20_000, 100_000, 110_000].map((start) => window(start));
    const written = [row(0, 400), row(10_000, 600), row(20_000, 9000), row(100_000, 31_000), row(110_000, 21_000)];
    const kill = { at: 100_000, written: written.slice(0, 3) };
    expect(figuresOf("spark", { written, right, length, kill })).to.deep.equal({
      engine: "spark",
      windows: 5,
      lost: 0,
      twice: 0,
      p50: 600,
      p99: 9000,
      afterKill: 31_000,
    });
    expect(figuresOf("spark", { written, right, length })).to.include({ p50: 9000, p99: 31_000, afterKill: null });
  });

  it("are as late as they were before the kill where a repetition writes them once more", () => {
    const right = [window(64_000), window(66_000)];
    const written = [row(64_000, 41_000), row(66_000, 40_000)];
    const kill = { at: 100_000, written: [row(64_000, 500), row(66_000, 700)] };
    expect(figuresOf("spark", { written, right, length, kill })).to.include({ p50: 500, p99: 700, afterKill: 0 });
  });

  it("are late by the kill when they were not written yet but still in time, else by the engine", () => {
    const right = [window(74_999), window(75_000)];
    const written = [row(74_999, 41_000), row(75_000, 40_000)];
    const kill = { at: 100_000, written: [] };
    expect(figuresOf("spark", { written, right, length, kill })).to.include({ p50: 41_000, afterKill: 40_000 });
  });

  it("lack the samples of a window that is missing or smaller, and have some twice in a larger one", () => {
    const right = [window(0), window(10_000), window(10_000, 50, "b")];
    const written = [row(0, 1, 97), row(10_000, 1, 104)];
    expect(figuresOf("flink", { written, right, length })).to.include({ lost: 53, twice: 4 });
  });
});

describe("the comparison of engines", () => {
  const figures = { engine: "flink", windows: 3, lost: 0, twice: 0, p50: 400, p99: 10_000, afterKill: null } as const;
  const outcome = { sent: 300, settled: 300, cars: 1, rate: 50, seconds: 60, pods: [], cores: 1.5, engines: [figures] };

  it("is good when all was taken, none lost, none twice and each p99 within the bar", () => {
    const { document, figures: compared, text } = resultOf(outcome);
    expect(document).to.deep.include({
      bench: "ok",
      verdicts: { allTaken: true, noneLost: true, noneTwice: true, flinkP99: true },
    });
    expect(compared).to.deep.equal([
      { measure: "windows by flink, p50", value: 0.4, unit: "s" },
      { measure: "windows by flink, p99", value: 10, unit: "s" },
      { measure: "windows by flink, after a kill", value: null, unit: "s" },
    ]);
    expect(text).to.contain("1 cars x 50 samples/s for 1 min 00 s: 300 sent, 300 taken; the cluster used 1.50 cores");
  });

  it("is not when one of them fails", () => {
    const failing = [
      { settled: 299 },
      ...[{ lost: 1 }, { twice: 1 }, { p99: 10_001 }, { p99: null }].map((one) => ({
        engines: [{ ...figures, ...one }],
      })),
    ];
    for (const change of failing) expect(resultOf({ ...outcome, ...change }).document.bench).to.equal("failed");
  });
});
