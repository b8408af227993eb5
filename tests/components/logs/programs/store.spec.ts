import { expect } from "chai";
import { isKnown } from "../../../../components/logs/programs/store.ts";

describe("what the store has", () => {
  const known = {
    since: "10",
    entries: [
      ["11", "11"],
      ["13", "15"],
    ],
  } as const;

  it("is every line before the time that is sure, and those of the entries after it", () => {
    const times = ["09", "10", "11", "12", "13", "14", "15", "16"];
    expect(times.filter((time) => isKnown(known, time))).to.deep.equal(["09", "11", "13", "14", "15"]);
  });
});
