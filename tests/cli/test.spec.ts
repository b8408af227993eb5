import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

import { closingLine, dealt, pythonTests, tallyPython, tallySpecs, tallyTool } from "../../cli/test.ts";

const ok = { code: 0, stdout: "", stderr: "" };

describe("npm test", () => {
  it("counts a tool that ends well as one pass", () => {
    expect(tallyTool("types", ok)).to.deep.equal({ passed: 1, failed: 0, report: [] });
  });

  it("counts a tool that fails as one failure and keeps all it said", () => {
    const tally = tallyTool("lint", { code: 1, stdout: "a.ts: bad\n", stderr: "worse\n" });
    expect(tally.failed).to.equal(1);
    expect(tally.report.join("\n")).to.contain("lint failed").and.contain("a.ts: bad").and.contain("worse");
  });

  it("counts every spec test and shows the stack of each failure", () => {
    const json = JSON.stringify({
      stats: { passes: 7, failures: 1, pending: 0 },
      failures: [{ fullTitle: "Kafka refuses", err: { message: "no", stack: "AssertionError: no\n at x" } }],
    });
    const tally = tallySpecs(json, { ...ok, code: 1 });
    expect([tally.passed, tally.failed]).to.deep.equal([7, 1]);
    expect(tally.report[0]).to.contain("Kafka refuses").and.contain("at x");
  });

  it("fails when the specs could not be loaded at all", () => {
    const tally = tallySpecs(undefined, { code: 1, stdout: "", stderr: "SyntaxError: here" });
    expect(tally.failed).to.equal(1);
    expect(tally.report.join("\n")).to.contain("SyntaxError: here");
  });

  it("fails when mocha fails although no test did", () => {
    const json = JSON.stringify({ stats: { passes: 2, failures: 0, pending: 0 }, failures: [] });
    expect(tallySpecs(json, { code: 7, stdout: "", stderr: "unhandled" })).to.include({ passed: 2, failed: 1 });
  });

  it("runs each file of specs once", () => {
    expect(dealt(["a", "b", "c", "d", "e"], 2)).to.deep.equal([
      ["a", "c", "e"],
      ["b", "d"],
    ]);
    expect(dealt([], 2)).to.deep.equal([[], []]);
  });

  it("finds Python's tests wherever they are, each folder once", () => {
    const root = mkdtempSync(join(tmpdir(), "millrace-test-"));
    try {
      for (const folder of ["python/tests", "tests/b/weather", "tests/a", "node_modules/x/tests"]) {
        mkdirSync(join(root, folder), { recursive: true });
        for (const file of ["test_one.py", "test_two.py", "other.py"]) writeFileSync(join(root, folder, file), "");
      }
      expect(pythonTests(root)).to.deep.equal(["python/tests", "tests/a", "tests/b/weather"]);
      expect(pythonTests()).to.include("python/tests").and.have.length.greaterThan(2);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it("counts every Python test, skipped ones not", () => {
    const stderr = "....s\n----\nRan 5 tests in 0.010s\n\nOK (skipped=1)\n";
    expect(tallyPython({ ...ok, stderr })).to.deep.equal({ passed: 4, failed: 0, report: [] });
  });

  it("shows what Python's tests said when some fail", () => {
    const stderr = "FAIL: test_sql\nAssertionError: 1 != 2\n\nRan 5 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n";
    const tally = tallyPython({ ...ok, code: 1, stderr });
    expect([tally.passed, tally.failed]).to.deep.equal([2, 3]);
    expect(tally.report.join("\n")).to.contain("AssertionError: 1 != 2");
  });

  it("fails when Python's tests are not found, or there is no Python", () => {
    const none = { code: 5, stdout: "", stderr: "Ran 0 tests in 0.000s\n\nNO TESTS RAN\n" };
    const old = { ...none, code: 0, stderr: "Ran 0 tests in 0.000s\n\nOK\n" };
    const absent = { code: 127, stdout: "", stderr: "python3: not found" };
    for (const ran of [none, old, absent]) expect(tallyPython(ran)).to.include({ passed: 0, failed: 1 });
  });

  it("closes with the counts alone", () => {
    expect(closingLine(12, 0)).to.equal("12 passed, 0 failed");
  });
});
