import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect } from "chai";

import { contextDigest } from "../../engine/providers/docker-digest.ts";

/** What the official provider's own functions make of these files. */
const digest = "a3b19f7deebb99b01007f72f4e8f88e85e99b075a40962abc65ad1be4260280c";
const files = { Dockerfile: "FROM scratch\n", "a/x": "x", "a.txt": "y", "a/deep/z": "z", "B/empty": "", run: "#!" };

describe("the digest of a build context", () => {
  let folder = "";
  const dockerfile = () => join(folder, "Dockerfile");
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "context-"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
      chmodSync(join(folder, name), name === "run" ? 0o755 : 0o644);
    }
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("is that of the official provider, by names, modes and contents in its order", async () => {
    expect(await contextDigest(folder, dockerfile())).to.equal(digest);
    chmodSync(join(folder, "run"), 0o644);
    expect(await contextDigest(folder, dockerfile())).not.to.equal(digest);
  });

  it("is none where there is no context, or a file says what of it does not count", async () => {
    expect(await contextDigest(join(folder, "gone"), join(folder, "gone/Dockerfile"))).to.equal(undefined);
    writeFileSync(join(folder, ".dockerignore"), "B\n");
    expect(await contextDigest(folder, dockerfile())).to.equal(undefined);
  });
});
