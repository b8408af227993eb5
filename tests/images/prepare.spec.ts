import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { packageLines } from "../../images/debian.ts";
import { prepareContexts } from "../../images/prepare.ts";
import { checkNoTwoVersions } from "../../platform/images/context.ts";
import { limiter } from "../../platform/images/work.ts";

describe("images/prepare", () => {
  it("refuses one library in two versions on a class path, naming both", () => {
    expect(() => {
      checkNoTwoVersions(["netty-common-4.2.7.Final.jar", "netty-common-4.1.115.Final.jar"]);
    }).to.throw("netty-common-4.2.7.Final.jar and netty-common-4.1.115.Final.jar");
  });

  it("accepts variants of one library side by side", () => {
    checkNoTwoVersions([
      "log4j-api-2.25.4.jar",
      "log4j-1.2-api-2.25.4.jar",
      "jline-2.14.6.jar",
      "jline-3.29.0-jdk8.jar",
    ]);
  });

  it("lets at most so many jobs run at once, and all of them in the end", async () => {
    const slot = limiter(2);
    let running = 0;
    let most = 0;
    const job = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise((resume) => setTimeout(resume, 2));
      running--;
    };
    await Promise.all([1, 2, 3, 4, 5].map(() => slot(job)));
    expect(most).to.equal(2);
    expect(running).to.equal(0);
  });
});

describe("images that are given up while they are prepared", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-spec-"));
  const asBefore = { path: process.env["PATH"], cache: process.env["MILLRACE_CACHE"] };
  after(() => {
    process.env["PATH"] = asBefore.path;
    if (asBefore.cache === undefined) delete process.env["MILLRACE_CACHE"];
    else process.env["MILLRACE_CACHE"] = asBefore.cache;
    rmSync(folder, { recursive: true });
  });

  it("end what runs for them at once, and leave nothing half-made in the cache", async () => {
    const bin = join(folder, "bin");
    const started = join(folder, "started");
    for (const made of [bin, started]) mkdirSync(made);
    for (const program of ["docker", "mvn", "python3", "apt-config", "cargo", "go"]) {
      const file = join(bin, program);
      writeFileSync(file, `#!/bin/sh\ntouch '${started}/${program}'\nexec sleep 60\n`);
      chmodSync(file, 0o755);
    }
    process.env["PATH"] = `${bin}${delimiter}${asBefore.path ?? ""}`;
    process.env["MILLRACE_CACHE"] = join(folder, "cache");
    const stop = new AbortController();
    const work = prepareContexts(["kafka", "presto"], () => undefined, stop.signal).then(
      () => "prepared",
      (error: unknown) => (error as Error).name,
    );
    while (readdirSync(started).length === 0) await sleep(20);
    const began = Date.now();
    stop.abort();
    expect(await work).to.equal("AbortError");
    expect(Date.now() - began).to.be.lessThan(3_000);
    expect(readdirSync(join(folder, "cache", "tmp"))).to.deep.equal([]);
  });
});

describe("images/debian", () => {
  it("records name, version and hash of what apt shows", () => {
    const shown = `Package: tini\nVersion: 0.19.0-1\nSHA256: ${"b".repeat(64)}\n\nPackage: virtual\n`;
    expect(packageLines(shown)).to.equal(`tini 0.19.0-1 ${"b".repeat(64)}\n`);
  });
});
