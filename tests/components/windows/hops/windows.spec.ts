import { expect } from "chai";
import fc from "fast-check";
import { mergedParts, windowsDifference, windowsOf } from "../../../../components/windows/hops/windows.ts";
import type { Window } from "../../../../components/windows/hops/windows.ts";

const one: Window = { start: 0, count: 2, mean: 2, deviation: Math.SQRT2, minimum: 1, maximum: 3 };

describe("windows", () => {
  it("hold count, mean, deviation of the sample, minimum and maximum, in order of time", () => {
    const records = [
      { ts: 20_000, value: 5 },
      { ts: 9999, value: 1 },
      { ts: 0, value: 3 },
    ];
    expect(windowsOf(records, 10)).to.deep.equal([
      one,
      { start: 20_000, count: 1, mean: 5, deviation: null, minimum: 5, maximum: 5 },
    ]);
  });

  it("are the same from their parts as from their records, however these were split", () => {
    const records = fc.array(
      fc.record({
        ts: fc.integer({ min: 0, max: 40_000 }),
        value: fc.double({ min: 1, max: 1000, noNaN: true }),
        part: fc.integer({ min: 0, max: 5 }),
      }),
      { minLength: 1, maxLength: 50 },
    );
    fc.assert(
      fc.property(records, (all) => {
        const parts = [...Map.groupBy(all, ({ part }) => part).values()].flatMap((part) => windowsOf(part, 10));
        const [merged, whole] = [mergedParts(parts), windowsOf(all, 10)];
        for (const [index, window] of whole.entries()) {
          const other = merged[index];
          expect(other).to.include({ start: window.start, count: window.count, minimum: window.minimum });
          expect(other?.mean).to.be.closeTo(window.mean, 1e-9 * window.mean);
          // Of values that are almost the same, the deviation is what rounding leaves of their squares.
          expect(other?.deviation ?? 0).to.be.closeTo(window.deviation ?? 0, 1e-9 * window.mean);
        }
        expect(merged).to.have.length(whole.length);
      }),
    );
  });

  it("agree up to a billionth, and no further", () => {
    expect(windowsDifference([{ ...one, mean: 2 + 1e-9 }], [one])).to.equal(undefined);
    expect(windowsDifference([{ ...one, mean: 2 + 1e-8 }], [one])).to.equal(
      "the window of 1970-01-01T00:00:00.000Z with mean 2.00000001, right is 2",
    );
  });

  it("differ in words: missing, doubled, of no record, or with another figure", () => {
    const words = (seen: readonly Window[]): string | undefined => windowsDifference(seen, [one]);
    const at = "1970-01-01T00:00:00.000Z";
    expect(words([])).to.equal(`0 of 1 windows; that of ${at} is missing`);
    expect(words([one, one])).to.equal("2 windows where 1 are different: duplicates");
    expect(words([one, { ...one, start: 10_000 }])).to.equal(
      "a window of 1970-01-01T00:00:10.000Z, in which no record was sent",
    );
    expect(words([{ ...one, count: 3 }])).to.equal(`the window of ${at} with count 3, right is 2`);
    expect(words([{ ...one, minimum: 0 }])).to.equal(`the window of ${at} with minimum 0, right is 1`);
    expect(words([{ ...one, deviation: null }])).to.equal(
      `the window of ${at} with deviation null, right is ${Math.SQRT2}`,
    );
  });
});
