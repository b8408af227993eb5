import { expect } from "chai";
import { lineThrough } from "../../bench/slope.ts";

const every = (values: readonly number[]): { at: number; value: number }[] =>
  values.map((value, index) => ({ at: 1000 + index * 10, value }));

describe("line through samples", () => {
  it("rises as they do, from the first to the last", () => {
    expect(lineThrough(every([1, 2, 3, 4]))).to.deep.equal({ mean: 2.5, rise: 3 });
    expect(lineThrough(every([4, 3, 2]))).to.deep.equal({ mean: 3, rise: -2 });
  });

  it("is flat where they only go up and down", () => {
    expect(lineThrough(every([5, 7, 5, 7, 5]))?.rise).to.be.closeTo(0, 1e-9);
  });

  it("is none through less than two times", () => {
    expect(lineThrough([])).to.equal(undefined);
    expect(lineThrough(every([1]))).to.equal(undefined);
  });
});
