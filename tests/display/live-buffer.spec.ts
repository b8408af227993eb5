import { expect } from "chai";
import { LiveBuffer, thin } from "../../display/server/live-buffer.ts";
import { LiveHistory } from "../../display/server/live-history.ts";

const record = (value: number, fields: { series?: string; metric?: string; marked?: boolean } = {}) => {
  return { series: "pumps", marked: false, metric: "uniform", ts: 1000 + value, value, ...fields };
};

/** What a buffer gives for these records. */
function gathered(records: readonly ReturnType<typeof record>[]) {
  const buffer = new LiveBuffer();
  for (const one of records) buffer.add(one);
  return buffer.take()?.series ?? [];
}

const many = (count: number, fields: { series?: string; metric?: string; marked?: boolean } = {}) =>
  Array.from({ length: count }, (_, index) => record(index, fields));

describe("points of a batch", () => {
  it("are spread evenly when there are too many, with the newest among them", () => {
    expect(thin([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 5)).to.deep.equal([2, 4, 6, 8, 10]);
    expect(thin([1, 2, 3, 4, 5, 6, 7], 3)).to.deep.equal([2, 4, 7]);
    expect(thin([1, 2, 3], 3)).to.deep.equal([1, 2, 3]);
    for (let length = 1; length < 400; length++) {
      const points = Array.from({ length }, (_, index) => index);
      expect(thin(points, 250)).to.have.length(Math.min(length, 250));
      expect(thin(points, 250).at(-1)).to.equal(length - 1);
    }
  });

  it("are at most 250 of a series and metric, and the number of records is told", () => {
    const [uniform, normal] = gathered([...many(3000), ...many(5, { metric: "normal" })]);
    expect(uniform).to.include({ metric: "uniform", count: 3000 });
    expect(uniform?.points).to.have.length(250);
    expect(uniform?.points.at(-1)).to.deep.equal([3999, 2999]);
    expect(normal).to.include({ metric: "normal", count: 5 });
    expect(normal?.points).to.have.length(5);
  });

  it("are all there for up to 1,000 marked records", () => {
    const [run] = gathered(many(1000, { series: "run-1", marked: true }));
    expect(run?.points.map(([, value]) => value)).to.deep.equal(Array.from({ length: 1000 }, (_, index) => index));
  });

  it("are bounded while they gather, whatever comes", () => {
    const [series] = gathered(many(200_000));
    expect(series).to.include({ count: 200_000 });
    expect(series?.points).to.have.length(250);
    const values = series?.points.map(([, value]) => value) ?? [];
    expect(Math.max(...values.slice(1).map((value, index) => value - (values[index] ?? 0)))).to.be.below(3200);
    const keys = gathered(Array.from({ length: 5000 }, (_, index) => record(1, { metric: `metric-${index}` })));
    expect(keys).to.have.length(2000);
  });

  it("tell a run from an ordinary series of the same name", () => {
    const both = gathered([record(1, { series: "same" }), record(2, { series: "same", marked: true })]);
    expect(both.map(({ marked, count }) => [marked, count])).to.deep.equal([
      [false, 1],
      [true, 1],
    ]);
  });
});

describe("the last minute", () => {
  const add = (history: LiveHistory, at: number, records: readonly ReturnType<typeof record>[]): void => {
    history.add(at, gathered(records));
  };

  it("has five points of each batch of ordinary records", () => {
    const history = new LiveHistory();
    for (let batch = 0; batch < 10; batch++) add(history, batch * 100, many(100));
    const [series] = history.points(null, 1000);
    expect(series).to.include({ series: "pumps", metric: "uniform", count: 1000 });
    expect(series?.points).to.have.length(50);
  });

  it("has all points of a run, and a run's only for those who ask for it", () => {
    const history = new LiveHistory();
    add(history, 0, [...many(100, { series: "run-1", marked: true }), record(1)]);
    expect(history.points("run-1", 0).map(({ points }) => points.length)).to.deep.equal([100]);
    expect(history.points(null, 0).map(({ series }) => series)).to.deep.equal(["pumps"]);
    expect(history.points("run-2", 0)).to.deep.equal([]);
  });

  it("forgets what is older", () => {
    const history = new LiveHistory();
    add(history, 0, [record(1), record(1, { series: "run-1", marked: true })]);
    add(history, 30_000, [record(2), record(2, { series: "run-1", marked: true })]);
    for (const watched of [null, "run-1"]) {
      expect(history.points(watched, 59_999)[0]?.points).to.have.length(2);
      expect(history.points(watched, 60_000)[0]?.points).to.deep.equal([[1002, 2]]);
      expect(history.points(watched, 90_000)).to.deep.equal([]);
    }
  });

  it("is bounded, whatever comes", () => {
    const history = new LiveHistory();
    const pointsOf = (watched: string | null, at: number): number =>
      history.points(watched, at).reduce((sum, { points }) => sum + points.length, 0);
    for (let batch = 0; batch < 100; batch++) {
      const keys = Array.from({ length: 300 }, (_, index) => record(batch, { metric: `metric-${index}` }));
      add(history, batch, [...keys, ...many(1000, { series: "run-1", marked: true })]);
    }
    expect(pointsOf(null, 100)).to.be.at.most(20_000).and.above(19_000);
    expect(pointsOf("run-1", 100)).to.equal(20_000);
    for (let run = 0; run < 20; run++) add(history, 100 + run, [record(1, { series: `run-${run}`, marked: true })]);
    const kept = Array.from({ length: 20 }, (_, run) => run).filter((run) => pointsOf(`run-${run}`, 120) > 0);
    expect(kept).to.deep.equal([12, 13, 14, 15, 16, 17, 18, 19]);
  });
});
