import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { recordedState } from "../../engine/recorded.ts";
import { statePaths } from "../../engine/state.ts";
import { componentTypes } from "../../platform/names.ts";

describe("what a stack's state says of its components", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "recorded-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (text: string): void => {
    const { checkpoint } = statePaths(folder, "millrace", "dev");
    mkdirSync(dirname(checkpoint), { recursive: true });
    writeFileSync(checkpoint, text);
  };
  const state = (resources: readonly object[]): string =>
    JSON.stringify({ version: 3, checkpoint: { latest: { resources } } });
  const read = () => recordedState(folder, "millrace", "dev");
  const server = (): unknown => read().inputs(componentTypes("ObjectStore"))?.["server"];

  it("is nothing before there is one, and of one that records nothing", () => {
    expect([read().hasResources, server()]).to.deep.equal([false, undefined]);
    write(state([]));
    expect([read().hasResources, server()]).to.deep.equal([false, undefined]);
    write(JSON.stringify({ version: 3, checkpoint: {} }));
    expect([read().hasResources, server()]).to.deep.equal([false, undefined]);
  });

  it("is found under the type that the component has and the one that it had", () => {
    for (const type of ["millrace:index:ObjectStore", "analytics:index:ObjectStore"]) {
      write(
        state([
          { urn: "a", type: "pulumi:pulumi:Stack" },
          { urn: "b", type, inputs: { server: "garage" } },
        ]),
      );
      expect([read().hasResources, server()]).to.deep.equal([true, "garage"]);
    }
    write(state([{ urn: "a", type: "pulumi:pulumi:Stack" }]));
    expect([read().hasResources, server()]).to.deep.equal([true, undefined]);
  });

  it("is not that of one that is being replaced", () => {
    const type = "millrace:index:ObjectStore";
    const old = { urn: "b", type, delete: true, inputs: { server: "minio" } };
    write(state([old, { urn: "b", type, inputs: { server: "garage" } }]));
    expect(server()).to.equal("garage");
  });

  it("may be anything where it can't be read", () => {
    write("{");
    expect([read().hasResources, server()]).to.deep.equal([true, undefined]);
  });
});
