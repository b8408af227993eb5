import { expect } from "chai";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { store } from "../../../platform/images/cache.ts";
import {
  formatMavenLock,
  mavenFileName,
  parseCargoLock,
  parseMavenLock,
  parsePypiLock,
} from "../../../platform/images/lock-files.ts";

const hash = "a".repeat(64);

describe("platform/images/lock-files", () => {
  it("reads coordinates with and without type and classifier", () => {
    const text = `# comment\ng:a:1 ${hash}\n\ng:b:2:tar.gz ${hash}\ng:c:3:jar:linux ${hash}\n`;
    expect(parseMavenLock(text, "maven.lock")).to.deep.equal([
      { group: "g", artifact: "a", version: "1", type: "jar", sha256: hash },
      { group: "g", artifact: "b", version: "2", type: "tar.gz", sha256: hash },
      { group: "g", artifact: "c", version: "3", type: "jar", classifier: "linux", sha256: hash },
    ]);
  });

  it("writes what it reads, sorted and without repetition", () => {
    const artifacts = parseMavenLock(`g:b:2:tar.gz ${hash}\ng:a:1 ${hash}\ng:a:1 ${hash}\n`, "maven.lock");
    expect(formatMavenLock(artifacts)).to.equal(`g:a:1 ${hash}\ng:b:2:tar.gz ${hash}\n`);
  });

  it("names files as Maven repositories do", () => {
    const artifact = { group: "g", artifact: "a", version: "1", type: "tar.gz" };
    expect(mavenFileName(artifact)).to.equal("a-1.tar.gz");
    expect(mavenFileName({ ...artifact, type: "jar", classifier: "linux" })).to.equal("a-1-linux.jar");
  });

  it("names file and line of a line without a whole hash", () => {
    expect(() => parseMavenLock(`g:a:1 ${hash}\ng:b:2 abc\n`, "kafka/maven.lock")).to.throw(
      'kafka/maven.lock, line 2: "g:b:2 abc" is not a lock line',
    );
  });

  it("refuses Maven coordinates without a version", () => {
    expect(() => parseMavenLock(`g:a ${hash}`, "maven.lock")).to.throw("group:artifact:version");
  });

  it("reads pip's form and refuses a package without hash", () => {
    expect(parsePypiLock(`pyspark==4.1.3 --hash=sha256:${hash}\n`, "pypi.lock.txt")).to.deep.equal([
      { name: "pyspark", version: "4.1.3", sha256: hash },
    ]);
    expect(() => parsePypiLock("pyspark==4.1.3\n", "pypi.lock.txt")).to.throw("name==version --hash=sha256:HEX");
  });

  it("reads a list of crates and refuses one without hash", () => {
    expect(parseCargoLock(`garage 2.5.0 ${hash}\n`, "cargo.lock")).to.deep.equal([
      { name: "garage", version: "2.5.0", sha256: hash },
    ]);
    expect(() => parseCargoLock("garage 2.5.0\n", "cargo.lock")).to.throw("name version sha256");
  });

  it("refuses a file that is not the locked one, naming the artifact and both hashes", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "millrace-spec-")), "download");
    writeFileSync(file, "not the jar");
    const failure = await store(file, "Maven artifact g:a:1", hash).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(Error);
    const { message } = failure as Error;
    expect(message).to.contain("Maven artifact g:a:1");
    expect(message).to.contain(hash);
    expect(message).to.match(/has SHA-256 (?!a{64})[0-9a-f]{64},/);
  });
});
