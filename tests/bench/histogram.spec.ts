import { expect } from "chai";
import { Histogram } from "../../bench/histogram.ts";

const of = (values: readonly number[], longestMs?: number): Histogram => {
  const histogram = new Histogram(longestMs);
  for (const value of values) histogram.add(value);
  return histogram;
};

describe("histogram of latencies", () => {
  it("gives the nearest rank", () => {
    const histogram = of(Array.from({ length: 100 }, (_, index) => 100 - index));
    expect([0, 50, 99, 100].map((rank) => histogram.percentile(rank))).to.deep.equal([1, 50, 99, 100]);
    expect([histogram.count, histogram.max]).to.deep.equal([100, 100]);
  });

  it("takes what never came for the latest", () => {
    const histogram = of([1, 2, 3]);
    expect(histogram.percentile(50, 3)).to.equal(3);
    expect(histogram.percentile(51, 3)).to.equal(null);
  });

  it("has no figure for nothing, nor beyond its longest", () => {
    expect(of([]).percentile(50)).to.equal(null);
    expect(of([5, 2000], 1000).percentile(99)).to.equal(null);
    expect(of([5, 2000], 1000).max).to.equal(2000);
  });

  it("takes the skew of two clocks for no time, and refuses ranks that are none", () => {
    expect(of([-3]).percentile(100)).to.equal(0);
    expect(() => of([1]).percentile(101)).to.throw("allowed are 0 to 100");
  });
});
