import { expect } from "chai";

import { figures, sameFigures } from "./figures.ts";

const single = (value: number): { count: number; mean: number; deviation: null } => ({
  count: 1,
  mean: value,
  deviation: null,
});

describe("figures of parts", () => {
  it("are those of the records, whatever the parts", () => {
    const all = figures([1, 2, 3, 4, 10].map(single));
    expect(all).to.deep.equal({ count: 5, mean: 4, deviation: Math.sqrt(12.5) });
    const parts = figures([figures([1, 2].map(single)), single(3), figures([4, 10].map(single))]);
    expect(sameFigures(parts, all)).to.equal(true);
  });

  it("have no deviation for one record, nor for none", () => {
    expect(figures([single(7)])).to.deep.equal(single(7));
    expect(figures([])).to.deep.equal({ count: 0, mean: 0, deviation: null });
  });

  it("differ by one record, by one value, and by a deviation that is missing", () => {
    const all = figures([1, 2, 3].map(single));
    expect(sameFigures(all, figures([1, 2].map(single)))).to.equal(false);
    expect(sameFigures(all, figures([1, 2, 3.00001].map(single)))).to.equal(false);
    expect(sameFigures(all, { ...all, deviation: null })).to.equal(false);
    expect(sameFigures(all, { ...all, mean: all.mean + 1e-12 })).to.equal(true);
  });
});
