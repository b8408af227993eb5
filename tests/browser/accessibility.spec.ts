import { expect } from "chai";

import { barriers } from "./accessibility.ts";

describe("barriers of a page", () => {
  it("are what axe calls serious or critical, with the places", () => {
    const nodes = [{ target: ["select"] }, { target: ["main", "svg"] }];
    const violations = [
      { id: "select-name", impact: "critical", help: "Select element must have a name", nodes },
      { id: "region", impact: "moderate", help: "Content should be contained by landmarks", nodes },
      { id: "unknown", impact: null, help: "", nodes: [] },
    ];
    expect(barriers(violations)).to.deep.equal(["select-name: Select element must have a name, at select, main svg"]);
  });
});
