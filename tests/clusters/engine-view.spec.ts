import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ownFolder } from "../support/own-folder.ts";
import { viewOf } from "../../clusters/embedded/engine-view.ts";
import { StubEngine } from "../support/stub-engine.ts";

const capabilities = "CapBnd:\t000001ffffffffff\n";

describe("what a Docker engine sees of this machine", () => {
  const folder = ownFolder("MILLRACE_CACHE");

  /** Says what a container sees of the folder that it has, as the engine's machine has it. */
  const engine = (sees: (folder: string) => boolean): StubEngine =>
    new StubEngine(({ HostConfig }) => {
      const source = HostConfig?.Mounts?.[0]?.Source;
      return `${source !== undefined && sees(source) ? "the same folder\n" : ""}${capabilities}`;
    });

  it("are its folders, where a new one of them is there too, and nothing of the question stays", async () => {
    const stub = engine((source) => source.startsWith(folder()) && existsSync(join(source, "here")));
    const view = await viewOf(stub, "millrace/node:1", { owner: "ana" });
    expect(view).to.deep.equal({ capBnd: "000001ffffffffff", sharesFolders: true });
    expect(stub.made[0]?.Labels).to.deep.equal({ "dev.millrace.cluster": "probe", owner: "ana" });
    expect([stub.removed, readdirSync(join(folder(), "tmp"))]).to.deep.equal([1, []]);
  });

  it("are others, where its folder of that name has not what was just put into this one", async () => {
    expect(
      (
        await viewOf(
          engine(() => false),
          "millrace/node:1",
          {},
        )
      ).sharesFolders,
    ).to.equal(false);
  });

  it("are none of that name, which it does not make for the question", async () => {
    const stub = engine(() => true);
    stub.refuses = ({ HostConfig }) => (HostConfig?.Mounts ?? []).length > 0;
    const { capBnd, sharesFolders } = await viewOf(stub, "millrace/node:1", {});
    expect([capBnd, sharesFolders]).to.deep.equal(["000001ffffffffff", false]);
    expect(stub.made.map(({ HostConfig }) => [HostConfig?.Binds, HostConfig?.Mounts])).to.deep.equal([[undefined, []]]);
  });

  it("is not taken for known when the container says something else", async () => {
    const failure = await viewOf(new StubEngine(() => "sh: not found"), "millrace/node:1", {}).catch(
      (error: unknown) => (error as Error).message,
    );
    expect(failure).to.equal("the Docker engine's capabilities could not be read: sh: not found");
  });
});
