import { expect } from "chai";
import { percentile } from "../../bench/percentile.ts";

describe("percentile", () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1);

  it("is the nearest rank, without values in between", () => {
    expect(percentile(values, 50)).to.equal(50);
    expect(percentile(values, 99)).to.equal(99);
    expect(percentile(values, 100)).to.equal(100);
    expect(percentile([7], 1)).to.equal(7);
    expect(percentile([1, 2, 3], 0)).to.equal(1);
  });

  it("is nothing for no values, and refuses ranks that are none", () => {
    expect(percentile([], 50)).to.equal(undefined);
    expect(() => percentile(values, 101)).to.throw("allowed are 0 to 100");
    expect(() => percentile(values, Number.NaN)).to.throw(RangeError);
  });
});
