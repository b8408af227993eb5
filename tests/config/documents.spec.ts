import { expect } from "chai";
import { readFileSync } from "node:fs";
import { generated } from "../../config/documents.ts";
import { type Node, root } from "../../config/json-schema.ts";

describe("what is generated from the configuration's schema", () => {
  it("is up to date: run `node config/generate.ts` when not", async () => {
    for (const { file, text } of await generated()) {
      expect(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"), file).to.equal(text);
    }
  });

  it("describes every setting", () => {
    const undescribed = (node: Node, path: string): string[] =>
      Object.entries(node.properties ?? {}).flatMap(([name, below]) => [
        ...(below.description === undefined ? [`${path}.${name}`] : []),
        ...undescribed(below, `${path}.${name}`),
        ...(below.oneOf ?? []).flatMap((shape) => undescribed(shape, `${path}.${name}`)),
      ]);
    expect(undescribed(root, "millrace")).to.deep.equal([]);
  });
});
