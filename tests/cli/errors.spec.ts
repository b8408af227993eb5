import { expect } from "chai";

import { renderError, UserError } from "../../cli/errors.ts";

describe("errors", () => {
  it("that are the user's to solve show no stack", () => {
    expect(renderError(new UserError("port 5000 is in use"))).to.equal("error: port 5000 is in use");
  });

  it("show the cause last", () => {
    const error = new UserError("could not start", { cause: new UserError("disk is full") });
    expect(renderError(error)).to.equal("error: could not start\ncaused by: disk is full");
  });

  it("that are ours show where they come from", () => {
    expect(renderError(new TypeError("x is not a function"))).to.contain("errors.spec.ts");
  });

  it("that are no errors are shown as they are", () => {
    expect(renderError("plain")).to.equal("error: plain");
  });
});
