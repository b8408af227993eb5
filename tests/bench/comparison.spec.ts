import { expect } from "chai";
import { compared, comparisonTable } from "../../bench/comparison.ts";
import { median } from "../../bench/percentile.ts";
import type { Figure } from "../../bench/settings.ts";

const cores = (value: number | null): Figure => ({ measure: "cores at rest", value, unit: "cores" });
const p99 = (value: number | null): Figure => ({ measure: "p99", value, unit: "s" });

describe("figures of two commits", () => {
  it("have the middle of their rounds", () => {
    expect([median([]), median([3]), median([9, 1, 2]), median([4, 1, 2, 9])]).to.deep.equal([null, 3, 2, 3]);
  });

  it("are compared by the middle of each side, as now ÷ before", () => {
    const before = [
      [cores(2), p99(10)],
      [cores(1), p99(30)],
      [cores(9), p99(20)],
    ];
    const now = [
      [cores(0.5), p99(5)],
      [cores(0.1), p99(4)],
      [cores(7), p99(6)],
    ];
    expect(compared(before, now)).to.deep.equal([
      { measure: "cores at rest", unit: "cores", before: 2, now: 0.5, ratio: 0.25 },
      { measure: "p99", unit: "s", before: 20, now: 5, ratio: 0.25 },
    ]);
  });

  it("have no ratio where a side has no figure, or one round of it has none, or before is nothing", () => {
    const ratios = (before: Figure[][], now: Figure[][]): unknown => compared(before, now).map((row) => row.ratio);
    expect(ratios([], [[cores(1)]])).to.deep.equal([null]);
    expect(ratios([[cores(1)]], [])).to.deep.equal([null]);
    expect(ratios([[cores(1)], [cores(null)]], [[cores(1)], [cores(1)]])).to.deep.equal([null]);
    expect(ratios([[cores(0)]], [[cores(1)]])).to.deep.equal([null]);
  });

  it("are a table, with the commit's name over its column", () => {
    const rows = compared([[cores(1.46), p99(null)]], [[cores(0.5), p99(5.96)]]);
    expect(comparisonTable(rows, "eaf257f")).to.equal(
      [
        "measure        unit   eaf257f    now  ratio",
        "cores at rest  cores    1.460  0.500   0.34",
        "p99            s            -    6.0      -",
      ].join("\n"),
    );
    expect(comparisonTable(rows, undefined)).to.equal(
      ["measure        unit     now", "cores at rest  cores  0.500", "p99            s        6.0"].join("\n"),
    );
  });
});
