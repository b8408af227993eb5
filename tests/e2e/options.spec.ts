import { expect } from "chai";

import { countOf, MOST_KILLS, namedParts } from "./options.ts";

describe("options of the end-to-end test", () => {
  it("take a count and nothing else", () => {
    expect([countOf("1", MOST_KILLS), countOf("10", MOST_KILLS)]).to.deep.equal([1, 10]);
    for (const text of ["0", "51", "four", "2.5", "", "-3", "1e1"]) {
      expect(countOf(text, MOST_KILLS), text).to.equal(undefined);
    }
  });

  it("name parts that there are, and are refused with all the wrong names before any part runs", () => {
    expect(namedParts("kafka, stream", ["kafka", "stream", "time"])).to.deep.equal(["kafka", "stream"]);
    expect(() => namedParts("kafka,streams,", ["kafka", "stream"])).to.throw(
      "--only streams,: there is no such part; there are kafka, stream",
    );
  });
});
