import { expect } from "chai";

import { lineSplitter, run, which } from "../../platform/exec.ts";

describe("child processes", () => {
  it("are answered with code and output, line by line while they run", async () => {
    const lines: string[] = [];
    const ran = await run("sh", ["-c", "echo a; echo b >&2; printf c; exit 3"], {
      onStdout: (line) => lines.push(line),
    });
    expect(ran).to.include({ code: 3, stdout: "a\nc", stderr: "b\n" });
    expect(lines).to.deep.equal(["a", "c"]);
  });

  it("that do not exist are code 127", async () => {
    expect((await run("no-such-program-here", [])).code).to.equal(127);
  });

  it("are ended when their time is over", async () => {
    const ran = await run("sleep", ["30"], { timeoutMs: 50 });
    expect(ran.code).to.equal(143);
    expect(ran.ms).to.be.lessThan(5000);
  });

  it("get Ctrl-C's signal on abort", async () => {
    const abort = new AbortController();
    setTimeout(() => {
      abort.abort();
    }, 50);
    expect((await run("sleep", ["30"], { signal: abort.signal })).code).to.equal(130);
  });

  it("get what they are to read", async () => {
    expect((await run("cat", [], { input: "hello" })).stdout).to.equal("hello");
  });

  it("may end without reading it", async () => {
    const { code, stderr } = await run("sh", ["-c", "echo no >&2; exit 3"], { input: "x".repeat(2 ** 20) });
    expect([code, stderr]).to.deep.equal([3, "no\n"]);
  });
});

describe("lines", () => {
  it("are whole whatever the chunks are", () => {
    const lines: string[] = [];
    const splitter = lineSplitter((line) => lines.push(line));
    ["a", "b\nc", "\n", "d"].forEach((chunk) => {
      splitter.push(chunk);
    });
    splitter.end();
    expect(lines).to.deep.equal(["ab", "c", "d"]);
  });
});

describe("the PATH", () => {
  it("is searched in order, and a program that is not there is none", () => {
    expect(which("sh")).to.match(/\/sh$/);
    expect(which("sh", "/nonexistent")).to.equal(undefined);
  });
});
