import { expect } from "chai";
import type { LiveBatch } from "../../display/protocol.ts";
import { bySecond, figuresOf, isDense, LiveStore } from "../../display/web/src/logic/live.ts";
import { chosenMetric, LINES_SHOWN, liveRows, liveSummary, liveView } from "../../display/web/src/logic/live-view.ts";
import { type Point, PointRing } from "../../display/web/src/logic/ring.ts";

const NOW = Date.UTC(2026, 10, 21, 12, 40, 0);

function batch(series: string, points: readonly Point[], more: Partial<LiveBatch> = {}, metric = "uniform"): LiveBatch {
  return { at: NOW, unreadable: 0, series: [{ series, metric, count: points.length, points }], ...more };
}

describe("display/web: points of a line", () => {
  it("keeps all points while there is room, and the newest when there is none", () => {
    const ring = new PointRing(100);
    for (let index = 0; index < 90; index++) ring.push(index, -index);
    expect(ring.since(-Infinity)).to.deep.equal(Array.from({ length: 90 }, (_, index) => [index, -index]));
    for (let index = 90; index < 1_050; index++) ring.push(index, -index);
    expect(ring.length).to.equal(100);
    expect(ring.since(-Infinity)).to.deep.equal(Array.from({ length: 100 }, (_, index) => [950 + index, -950 - index]));
    expect(ring.newest).to.deep.equal([1_049, -1_049]);
  });

  it("gives points in order of time, whatever the order of their arrival", () => {
    const ring = new PointRing(10);
    for (const ts of [3, 1, 2]) ring.push(ts, ts * 10);
    const expected: Point[] = [
      [2, 20],
      [3, 30],
    ];
    expect(ring.since(2)).to.deep.equal(expected);
    expect(ring.newest).to.deep.equal([2, 20]);
    expect(new PointRing(10).newest).to.equal(undefined);
  });
});

describe("display/web: what a live page keeps", () => {
  it("counts the records of the last seconds, also those that were thinned out or unreadable", () => {
    const store = new LiveStore();
    store.add(batch("pumps", [[NOW, 1]]), NOW - 6_000);
    const many = { series: "pumps", metric: "uniform", count: 90, points: [[NOW, 1]] } as const;
    store.add({ at: NOW, unreadable: 10, series: [many] }, NOW - 1_000);
    expect(store.rate(NOW)).to.equal(20);
    expect(store.rate(NOW + 10_000)).to.equal(0);
    expect(store.unreadable).to.equal(10);
  });

  it("replaces its lines by a history, so that no point is there twice after a new connection", () => {
    const store = new LiveStore();
    store.add(batch("pumps", [[NOW - 10, 1]]), NOW);
    store.addHistory(batch("pumps", [[NOW - 10, 1]]), NOW);
    expect(store.lines("uniform", "pumps").map(({ ring }) => ring.length)).to.deep.equal([1]);
    expect(store.rate(NOW)).to.equal(0.2);
  });

  it("goes on offering series that were seen when another one is watched", () => {
    const store = new LiveStore();
    store.addHistory(batch("node-2", [[NOW, 1]], {}, "b"), NOW);
    store.addHistory(batch("node-1", [[NOW, 1]], {}, "a"), NOW);
    expect(store.available()).to.deep.equal([
      { series: "node-1", metrics: ["a"] },
      { series: "node-2", metrics: ["b"] },
    ]);
    expect(store.lines("b", null)).to.deep.equal([]);
  });

  it("keeps at most 512 lines, and drops those that were silent longest", () => {
    const store = new LiveStore();
    for (let index = 0; index < 512; index++) store.add(batch(`s${String(index)}`, [[NOW, index]]), NOW);
    store.add(batch("s0", [[NOW, 1]]), NOW);
    store.add(batch("new", [[NOW, 1]]), NOW);
    const names = store.lines("uniform", null).map(({ series }) => series);
    expect(names).to.have.length(512).and.to.include.members(["s0", "new"]).and.not.include("s1");
  });

  it("takes the server's time from the batch that was shortest under way", () => {
    const store = new LiveStore();
    expect(store.serverTime(NOW)).to.equal(NOW);
    store.add(batch("pumps", [], { at: NOW + 900 }), NOW);
    store.add(batch("pumps", [], { at: NOW + 1_990 }), NOW + 1_000);
    store.add(batch("pumps", [], { at: NOW + 2_500 }), NOW + 2_000);
    expect(store.serverTime(NOW + 5_000)).to.equal(NOW + 5_990);
  });
});

describe("display/web: figures of points", () => {
  it("computes mean, deviation of the sample and extremes", () => {
    const points: Point[] = [2, 4, 4, 4, 5, 5, 7, 9].map((value, index) => [index, value]);
    const figures = figuresOf(points);
    expect(figures).to.include({ count: 8, mean: 5, minimum: 2, maximum: 9 });
    expect(figures?.deviation).to.be.closeTo(Math.sqrt(32 / 7), 1e-12);
    expect(figuresOf([[0, 3]])).to.deep.equal({ count: 1, mean: 3, deviation: null, minimum: 3, maximum: 3 });
    expect(figuresOf([])).to.equal(null);
  });

  it("stays exact with large values that hardly differ", () => {
    const points: Point[] = [1e9 + 1, 1e9 + 2, 1e9 + 3].map((value, index) => [index, value]);
    expect(figuresOf(points)?.deviation).to.be.closeTo(1, 1e-9);
  });

  it("groups points by second", () => {
    const points: Point[] = [
      [NOW + 100, 1],
      [NOW + 999, 3],
      [NOW + 1_000, 5],
    ];
    expect(bySecond(points).map(({ start, count, mean }) => [start - NOW, count, mean])).to.deep.equal([
      [0, 2, 2],
      [1_000, 1, 5],
    ]);
  });

  it("calls a line dense from three points a second on", () => {
    const every = (ms: number): Point[] => Array.from({ length: 60 }, (_, index) => [index * ms, 0]);
    expect([isDense(every(100)), isDense(every(1_000)), isDense([])]).to.deep.equal([true, false, false]);
  });
});

describe("display/web: what a live page shows", () => {
  const sparse: Point[] = [
    [NOW - 70_000, 9],
    [NOW - 2_000, 1],
    [NOW - 1_000, 3],
  ];

  it("shows the last minute of the lines of a metric, with the newest value and the mean", () => {
    const store = new LiveStore();
    store.add(batch("pumps", sparse), NOW);
    store.add(batch("pumps", [[NOW, 100]], {}, "normal"), NOW);
    const view = liveView(store, "uniform", null, NOW);
    expect([view.chart.from, view.chart.to]).to.deep.equal([NOW - 60_000, NOW]);
    expect(view.latest).to.deep.equal([NOW - 1_000, 3]);
    expect(view.figures).to.include({ count: 2, mean: 2 });
    expect(view.chart.lines.map(({ name, weight }) => [name, weight])).to.deep.equal([["pumps", "strong"]]);
    expect(liveSummary(view, "uniform")).to.equal(
      "Line chart of uniform, series pumps, in the last minute: 2 records, values from 1 to 3, mean 2, " +
        "the newest 3 at 12:39:59 UTC.",
    );
    expect(liveRows(view).map(({ series, start, mean }) => [series, NOW - start, mean])).to.deep.equal([
      ["pumps", 1_000, 3],
      ["pumps", 2_000, 1],
    ]);
  });

  it("says so when there is nothing in the last minute", () => {
    const view = liveView(new LiveStore(), "uniform", null, NOW);
    expect([view.latest, view.figures, view.chart.lines]).to.deep.equal([null, null, []]);
    expect(liveSummary(view, "uniform")).to.equal("Line chart of uniform: nothing in the last minute");
  });

  it("draws the mean of each whole second over the records of a dense line", () => {
    const store = new LiveStore();
    const points: Point[] = Array.from({ length: 100 }, (_, index) => [NOW - 9_950 + index * 100, index % 10]);
    store.add(batch("pumps", points), NOW);
    const [pale, strong] = liveView(store, "uniform", "pumps", NOW).chart.lines;
    expect([pale?.weight, pale?.points.length]).to.deep.equal(["pale", 100]);
    expect(strong?.name).to.equal("pumps, mean of each second");
    expect(strong?.points.map(([ts]) => ts - NOW)).to.deep.equal([
      -9_500, -8_500, -7_500, -6_500, -5_500, -4_500, -3_500, -2_500, -1_500, -500,
    ]);
    // The second that has just begun is not whole.
    const later = liveView(store, "uniform", "pumps", NOW - 300).chart.lines[1];
    expect(later?.points.at(-1)?.[0]).to.equal(NOW - 1_500);
  });

  it("draws at most as many lines as there are colours, and counts the others", () => {
    const store = new LiveStore();
    for (let index = 0; index < LINES_SHOWN + 3; index++) store.add(batch(`node-${String(index)}`, sparse), NOW);
    const view = liveView(store, "uniform", null, NOW);
    expect(view.chart.lines.map(({ tone }) => tone)).to.deep.equal([0, 1, 2, 3, 4, 5]);
    expect(view.hidden).to.equal(3);
    expect(liveView(store, "uniform", "node-7", NOW)).to.include({ hidden: 0 });
  });

  it("shows at the edge what a clock that is ahead has sent", () => {
    const store = new LiveStore();
    store.add(batch("pumps", [[NOW + 5_000, 7]]), NOW);
    expect(liveView(store, "uniform", null, NOW).latest).to.deep.equal([NOW, 7]);
  });

  it("chooses the metric of the address, else the usual one, else the first", () => {
    const available = [
      { series: "node-1", metrics: ["vmstat.r", "vmstat.us"] },
      { series: "run-1", metrics: ["marked"] },
    ];
    expect(chosenMetric("monitoring", available, null, null)).to.equal("vmstat.us");
    expect(chosenMetric("monitoring", available, null, "run-1")).to.equal("marked");
    expect(chosenMetric("random-numbers", available, null, null)).to.equal("vmstat.r");
    expect(chosenMetric("monitoring", available, "asked", null)).to.equal("asked");
    expect(chosenMetric("monitoring", [], null, null)).to.equal(null);
  });
});
