import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { ensureStackId, readStackId, removeStackId, stackIdFile } from "../../engine/stack-id.ts";

describe("the id of a stack", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stack-id-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("is made once, is 16 hex characters, and stays", () => {
    expect(readStackId(folder, "shop", "dev")).to.equal(undefined);
    expect(existsSync(join(folder, ".pulumi"))).to.equal(false);
    const id = ensureStackId(folder, "shop", "dev");
    expect(id).to.match(/^[0-9a-f]{16}$/);
    expect(ensureStackId(folder, "shop", "dev")).to.equal(id);
    expect(readStackId(folder, "shop", "dev")).to.equal(id);
    const file = join(folder, ".pulumi/millrace/shop/dev.id");
    expect(stackIdFile(folder, "shop", "dev")).to.equal(file);
    expect(readFileSync(file, "utf8")).to.equal(`${id}\n`);
    expect(readdirSync(dirname(file))).to.deep.equal(["dev.id"]);
  });

  it("differs between stacks, projects and folders", () => {
    const other = mkdtempSync(join(tmpdir(), "stack-id-"));
    const ids = [
      ensureStackId(folder, "shop", "dev"),
      ensureStackId(folder, "shop", "prod"),
      ensureStackId(folder, "mill", "dev"),
      ensureStackId(other, "shop", "dev"),
    ];
    rmSync(other, { recursive: true });
    expect(new Set(ids).size).to.equal(4);
  });

  it("is a new one after the stack was removed", () => {
    const id = ensureStackId(folder, "shop", "dev");
    removeStackId(folder, "shop", "dev");
    removeStackId(folder, "shop", "dev");
    expect(readStackId(folder, "shop", "dev")).to.equal(undefined);
    expect(ensureStackId(folder, "shop", "dev")).not.to.equal(id);
  });

  it("is never made up anew while a damaged file is there", () => {
    ensureStackId(folder, "shop", "dev");
    writeFileSync(stackIdFile(folder, "shop", "dev"), "oops");
    expect(() => ensureStackId(folder, "shop", "dev")).to.throw(
      `${stackIdFile(folder, "shop", "dev")} holds "oops" instead of the stack's id`,
    );
  });
});
