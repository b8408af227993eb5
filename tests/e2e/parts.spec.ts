import { expect } from "chai";

import { alone, faults, faultsOf, looks, looksOf, stagesOf } from "./parts.ts";

describe("parts of the end-to-end test", () => {
  it("are run with the first profile that can, and once in a whole life", () => {
    const [studio, pipeline] = [faultsOf("studio", false), faultsOf("pipeline", true)];
    expect(studio).to.include.members(["kafka", "data-path", "browser"]).and.not.include("windows");
    expect(pipeline).to.include.members(["windows", "display-pages"]).and.not.include.members(["kafka"]);
    expect(studio.filter((name) => pipeline.includes(name))).to.deep.equal(["recovery"]);
  });

  it("are those of the data path and its own for a profile alone", () => {
    expect(faultsOf("core", false)).to.deep.equal([
      "time",
      "owners",
      "retry",
      "kafka",
      "stream",
      "data-path",
      "recovery",
      "resize",
    ]);
    expect(faultsOf("pipeline", false)).to.include.members(["kafka", "windows"]).and.not.include("browser");
  });

  it("look for recovery after all that breaks a hop, and lock accounts after that", () => {
    const studio = faultsOf("studio", false);
    expect(studio.slice(-6)).to.deep.equal(["studio", "data-path", "recovery", "resize", "airflow-login", "hub-login"]);
    expect(faultsOf("pipeline", true).slice(-2)).to.deep.equal(["pipeline", "recovery"]);
  });

  it("leave out of a whole life what takes the platform away", () => {
    expect(Object.keys(alone)).to.deep.equal(["slow-node"]);
    for (const name of Object.keys(alone)) expect({ ...looks, ...faults }).to.not.have.property(name);
  });

  it("run the check by itself in the first stage", () => {
    expect(looksOf(false)).to.deep.equal(["check", "unchanged", "memory"]);
    expect(looksOf(true)).to.deep.equal(["unchanged", "memory"]);
  });

  it("come in the stages of the profile that is named", () => {
    expect(stagesOf("all")).to.deep.equal(["studio", "pipeline"]);
    expect(stagesOf("core")).to.deep.equal(["core"]);
    expect(stagesOf("everything")).to.equal(undefined);
  });
});
