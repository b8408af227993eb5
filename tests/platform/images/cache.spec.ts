import { expect } from "chai";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheDir, once, sweepCache, touch } from "../../../platform/images/cache.ts";

describe("platform/images/cache", () => {
  const before = process.env["MILLRACE_CACHE"];
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "millrace-spec-"));
    process.env["MILLRACE_CACHE"] = root;
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
    if (before === undefined) delete process.env["MILLRACE_CACHE"];
    else process.env["MILLRACE_CACHE"] = before;
  });

  it("is where MILLRACE_CACHE says", () => {
    expect(cacheDir("files", "x")).to.equal(join(root, "files", "x"));
  });

  it("never shows a partial result", async () => {
    const target = cacheDir("contexts", "kafka-1");
    const failed = await once(target, (temporary) => {
      writeFileSync(join(temporary, "half"), "");
      return Promise.reject(new Error("broken off"));
    }).catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(Error);
    expect(existsSync(target)).to.be.false;
  });

  it("makes a thing once", async () => {
    let made = 0;
    const make = (temporary: string): Promise<string> => {
      made++;
      return Promise.resolve(temporary);
    };
    await once(cacheDir("contexts", "kafka-1"), make);
    await once(cacheDir("contexts", "kafka-1"), make);
    expect(made).to.equal(1);
  });

  it("sweeps what was not used for long and keeps what is in use and all downloads", () => {
    const long = new Date(Date.now() - 30 * 24 * 60 * 60 * 1000);
    const paths = ["tmp/left", "contexts/old", "web/old", "contexts/used", "files/download"].map((path) =>
      cacheDir(path),
    );
    for (const path of paths) {
      mkdirSync(path, { recursive: true });
      utimesSync(path, long, long);
    }
    touch(cacheDir("contexts/used"));
    sweepCache();
    expect(paths.map((path) => existsSync(path))).to.deep.equal([false, false, false, true, true]);
  });
});
