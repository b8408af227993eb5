import { expect } from "chai";

import { killsOf } from "./options.ts";

describe("options of the end-to-end test", () => {
  it("take a number of kills and nothing else", () => {
    expect([killsOf("1"), killsOf("10")]).to.deep.equal([1, 10]);
    for (const text of ["0", "51", "four", "2.5", "", "-3", "1e1"]) expect(killsOf(text), text).to.equal(undefined);
  });
});
