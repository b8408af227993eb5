import { expect } from "chai";
import fc from "fast-check";
import type { SeriesRow, WindowPart } from "../../display/server/figure-source.ts";
import { answerWindows, mergeParts, offered } from "../../display/server/windows.ts";
import { FakeSource } from "./fakes.ts";

const start = Date.parse("2026-11-21T12:00:00.000Z");

/** Figures by their definitions, with sums in two passes: another way than the one under test. */
function direct(values: readonly number[]): { mean: number; deviation: number | null } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, deviation: values.length === 1 ? null : Math.sqrt(squares / (values.length - 1)) };
}

function partOf(values: readonly number[], at = start): WindowPart {
  const range = { minimum: Math.min(...values), maximum: Math.max(...values) };
  return { start: at, count: values.length, ...direct(values), ...range, lastAt: at + values.length };
}

function near(actual: number | null | undefined, expected: number | null): void {
  if (expected === null) expect(actual).to.equal(null);
  else expect(actual).to.be.closeTo(expected, 1e-9 * Math.max(1, Math.abs(expected)));
}

describe("merging parts of windows", () => {
  it("gives the figures of all records, however they came in parts", () => {
    const value = fc.double({ min: -1e4, max: 1e4, noNaN: true });
    const parts = fc.array(fc.array(value, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(parts, (all) => {
        const { windows } = mergeParts(all.map((values) => partOf(values)));
        const values = all.flat();
        expect(windows).to.have.length(1);
        expect(windows[0]).to.include({
          start: "2026-11-21T12:00:00.000Z",
          count: values.length,
          minimum: Math.min(...values),
          maximum: Math.max(...values),
        });
        near(windows[0]?.mean, direct(values).mean);
        near(windows[0]?.deviation, direct(values).deviation);
      }),
    );
  });

  it("keeps the digits of a small spread around a large mean", () => {
    const { windows } = mergeParts([partOf([1e9 + 1, 1e9 + 2]), partOf([1e9 + 3, 1e9 + 4])]);
    expect(windows[0]?.mean).to.equal(1e9 + 2.5);
    expect(windows[0]?.deviation).to.be.closeTo(Math.sqrt(5 / 3), 1e-9);
  });

  it("has no deviation for one record", () => {
    expect(mergeParts([partOf([5])]).windows[0]?.deviation).to.equal(null);
  });

  it("puts windows in order of time and knows the newest record", () => {
    const merged = mergeParts([partOf([1], start + 10_000), partOf([2], start), partOf([3, 4], start + 10_000)]);
    expect(merged.windows.map(({ start: at, count }) => [at, count])).to.deep.equal([
      ["2026-11-21T12:00:00.000Z", 1],
      ["2026-11-21T12:00:10.000Z", 3],
    ]);
    expect(merged.lastAt).to.equal(start + 10_002);
  });

  it("has nothing to tell of no parts", () => {
    expect(mergeParts([])).to.deep.equal({ windows: [], lastAt: null });
  });
});

const row = (series: string, metric: string, run: string | null = null, lastAt = start): SeriesRow => {
  return { series, run, metric, lastAt };
};

describe("series that a page offers", () => {
  it("are the ordinary ones by name, then runs with the newest first, each with its metrics", () => {
    const rows = [
      row("run-old", "uniform", "run-old", start - 5000),
      row("node-b", "vmstat.us"),
      row("run-new", "uniform", "run-new", start),
      row("node-a", "vmstat.us"),
      row("node-a", "vmstat.free"),
    ];
    expect(offered(rows)).to.deep.equal([
      { series: "node-a", metrics: ["vmstat.free", "vmstat.us"] },
      { series: "node-b", metrics: ["vmstat.us"] },
      { series: "run-new", metrics: ["uniform"] },
      { series: "run-old", metrics: ["uniform"] },
    ]);
  });

  it("are at most 200", () => {
    const rows = Array.from({ length: 500 }, (_, index) => row(`run-${index}`, "uniform", `run-${index}`));
    expect(offered(rows)).to.have.length(200);
  });
});

describe("answering for windows", () => {
  const now = start + 61_234;
  const answer = async (source: FakeSource, question: { series?: string; metric?: string; minutes?: number } = {}) => {
    return await answerWindows(
      { stream: "random-numbers", ...question },
      { sink: "disk", source, windowSeconds: 10, seriesOf: () => source.series(), now: () => now },
    );
  };

  it("shows the first series and metric that there are when none is asked for", async () => {
    const source = new FakeSource();
    source.rows = [row("run-1", "uniform", "run-1"), row("pumps", "uniform"), row("pumps", "normal")];
    source.parts = [partOf([1, 2])];
    expect(await answer(source)).to.deep.equal({
      sink: "disk",
      stream: "random-numbers",
      series: "pumps",
      metric: "normal",
      available: [
        { series: "pumps", metrics: ["normal", "uniform"] },
        { series: "run-1", metrics: ["uniform"] },
      ],
      windowSeconds: 10,
      windows: [
        { start: "2026-11-21T12:00:00.000Z", count: 2, mean: 1.5, deviation: Math.sqrt(0.5), minimum: 1, maximum: 2 },
      ],
      lastRecordAt: "2026-11-21T12:00:00.002Z",
      readAt: "2026-11-21T12:01:01.234Z",
    });
  });

  it("shows the metric of the series that is asked for", async () => {
    const source = new FakeSource();
    source.rows = [row("pumps", "normal"), row("run-1", "uniform", "run-1")];
    expect(await answer(source, { series: "run-1" })).to.include({ series: "run-1", metric: "uniform" });
    expect(source.questions).to.deep.equal([
      { stream: "random-numbers", series: "run-1", metric: "uniform", since: start - 840_000 },
    ]);
  });

  it("begins with a whole window, as many minutes ago as are asked for", async () => {
    const source = new FakeSource();
    source.rows = [row("pumps", "normal")];
    await answer(source, { minutes: 1 });
    expect(source.questions[0]?.since).to.equal(start);
  });

  it("shows nothing where there is nothing, and asks for nothing", async () => {
    const source = new FakeSource();
    const nothing = { series: null, metric: null, lastRecordAt: null };
    expect(await answer(source))
      .to.include(nothing)
      .and.to.deep.include({ available: [], windows: [] });
    expect(await answer(source, { series: "nobody" })).to.include({ ...nothing, series: "nobody" });
    expect(source.questions).to.deep.equal([]);
  });
});
