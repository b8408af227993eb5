import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { imageNames, inPlaceOf } from "../../../images/tags.ts";
import { contracts } from "./contracts.ts";

const names = Object.keys(contracts);

describe("what rooms need of their images", () => {
  it("is listed for each image that may be an official one, and for no other", () => {
    expect(names).to.have.members(imageNames.filter((name) => inPlaceOf(name) !== undefined));
  });

  it("is asked of an image like the official one, too", () => {
    const without = names.filter((name) => !existsSync(join(import.meta.dirname, "lookalikes", name, "Dockerfile")));
    expect(without).to.deep.equal([]);
  });

  for (const name of names) {
    it(`of ${name} is more than that it starts: data are found again, or a tool answers`, () => {
      const runs = contracts[name]?.runs ?? [];
      const serving = runs.filter(({ ready, http }) => ready !== undefined || http !== undefined);
      expect(serving).not.to.deep.equal([]);
      for (const { ask = [], what } of serving) expect(ask, what).not.to.deep.equal([]);
    });
  }
});
