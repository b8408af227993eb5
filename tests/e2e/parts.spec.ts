import { expect } from "chai";

import { faultsOf, stagesOf } from "./parts.ts";

describe("parts of the end-to-end test", () => {
  it("are run with the first profile that can, and once in a whole life", () => {
    const [studio, pipeline] = [faultsOf("studio", false), faultsOf("pipeline", true)];
    expect(studio).to.include.members(["kafka", "data-path", "browser"]).and.not.include("windows");
    expect(pipeline).to.include.members(["windows", "display-pages"]).and.not.include.members(["kafka"]);
    expect(studio.filter((name) => pipeline.includes(name))).to.deep.equal([]);
  });

  it("are those of the data path and its own for a profile alone", () => {
    expect(faultsOf("core", false)).to.deep.equal(["kafka", "stream", "data-path"]);
    expect(faultsOf("pipeline", false)).to.include.members(["kafka", "windows"]).and.not.include("browser");
  });

  it("come in the stages of the profile that is named", () => {
    expect(stagesOf("all")).to.deep.equal(["studio", "pipeline"]);
    expect(stagesOf("core")).to.deep.equal(["core"]);
    expect(stagesOf("everything")).to.equal(undefined);
  });
});
