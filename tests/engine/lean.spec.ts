import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";

const root = join(import.meta.dirname, "../..");

/** What a program prints that is run as Pulumi's hosts are. */
async function printed(program: string): Promise<unknown> {
  const args = ["--disable-warning=ExperimentalWarning", "--import", join(root, "engine/lean.ts"), "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  return JSON.parse(stdout) as unknown;
}

describe("A host of Pulumi's", () => {
  it("loads neither npm's tree nor the compiler with the SDK, and looks up no stack in source maps", async () => {
    const program = `
      require("@pulumi/pulumi");
      require("source-map-support/register");
      const loaded = Object.keys(require.cache).join();
      console.log(JSON.stringify({
        pacote: loaded.includes("/pacote/"),
        maps: loaded.includes("/source-map/"),
        isSmall: Object.keys(require.cache).length < 450,
      }));`;
    expect(await printed(program)).to.deep.equal({ pacote: false, maps: false, isSmall: true });
  }).timeout(60_000);

  it("loads them when they are asked for", async () => {
    const program = `
      const pulumi = require("@pulumi/pulumi");
      const number = 42;
      void pulumi.runtime.serializeFunction(() => number + 1).then(({ text }) => {
        const { Arborist } = require("@npmcli/arborist");
        console.log(JSON.stringify({ text: text.includes("number + 1"), arborist: typeof Arborist }));
      });`;
    expect(await printed(program)).to.deep.equal({ text: true, arborist: "function" });
  }).timeout(60_000);
});
