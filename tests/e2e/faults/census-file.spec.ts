import { expect } from "chai";

import { withOneChange } from "./census-file.ts";

describe("a changed census file", () => {
  it("differs by one in one number", () => {
    expect(withOneChange("id,income,age\n1,2000,33\n2,1000,44\n")).to.equal("id,income,age\n1,2001,33\n2,1000,44\n");
    expect(withOneChange("id,income\r\n1,2000\r\n")).to.equal("id,income\r\n1,2001\n");
  });

  it("is refused when it has no such number", () => {
    expect(() => withOneChange("id,age\n1,33\n")).to.throw('no income in "id,age" and "1,33"');
    expect(() => withOneChange("id,income\n")).to.throw("no income");
  });
});
