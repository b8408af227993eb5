import { expect } from "chai";
import fc from "fast-check";
import { difference, figuresOf } from "../../../platform/hops/hop.ts";

const record = fc.record({ id: fc.uuid(), value: fc.integer({ min: -1_000_000, max: 1_000_000 }) });

describe("figures of a hop", () => {
  it("do not depend on the order of the records", () => {
    fc.assert(
      fc.property(fc.array(record), (records) => {
        expect(figuresOf(records.toReversed())).to.deep.equal(figuresOf(records));
      }),
    );
  });

  it("show any single record that is missing, doubled or changed", () => {
    fc.assert(
      fc.property(fc.uniqueArray(record, { selector: ({ id }) => id, minLength: 1 }), fc.nat(), (records, at) => {
        const expected = figuresOf(records);
        const index = at % records.length;
        const other = records[index]!;
        expect(difference(expected, expected)).to.equal(undefined);
        expect(difference(figuresOf(records.toSpliced(index, 1)), expected)).to.be.a("string");
        expect(difference(figuresOf([...records, other]), expected)).to.contain("duplicates");
        const changed = records.with(index, { ...other, value: other.value + 1 });
        expect(difference(figuresOf(changed), expected)).to.contain("checksum");
      }),
    );
  });
});
