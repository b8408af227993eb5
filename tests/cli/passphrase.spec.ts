import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { findPassphrase } from "../../cli/passphrase.ts";

describe("the passphrase", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-passphrase-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("comes from the environment first, even when empty", () => {
    expect(findPassphrase(folder, true, { PULUMI_CONFIG_PASSPHRASE: "" }).value).to.equal("");
    expect(existsSync(join(folder, "passphrase"))).to.equal(false);
  });

  it("comes from the named file next", () => {
    const file = join(folder, "p");
    writeFileSync(file, "word\n");
    expect(findPassphrase(folder, true, { PULUMI_CONFIG_PASSPHRASE_FILE: file }).value).to.equal("word");
  });

  it("is refused when the named file can't be read, without another being made", () => {
    const env = { PULUMI_CONFIG_PASSPHRASE_FILE: join(folder, "none") };
    expect(() => findPassphrase(folder, true, env)).to.throw(/cannot be read/);
  });

  it("is made once, for the owner's eyes only, and found again", () => {
    const made = findPassphrase(folder, true, {});
    expect(statSync(join(folder, "passphrase")).mode & 0o777).to.equal(0o600);
    expect(readFileSync(join(folder, "passphrase"), "utf8").trim()).to.equal(made.value);
    expect(findPassphrase(folder, false, {}).value).to.equal(made.value);
  });

  it("is not kept for a command that changes nothing", () => {
    expect(findPassphrase(folder, false, {}).source).to.equal("new");
    expect(existsSync(join(folder, "passphrase"))).to.equal(false);
  });
});
