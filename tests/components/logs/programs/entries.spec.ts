import { expect } from "chai";
import { EntryMaker, levelOf } from "../../../../components/logs/programs/entries.ts";

describe("entries of a log", () => {
  const join = (text: string): string[] => {
    const maker = new EntryMaker();
    const made = text
      .split("\n")
      .map((line, index) => maker.push({ time: `2026-11-29T10:00:00.${String(index).padStart(9, "0")}Z`, text: line }));
    return [...made, maker.flush()].flatMap((entry) => (entry === undefined ? [] : [entry.text]));
  };

  it("keep a trace of Java with the line that it belongs to", () => {
    const trace = [
      "26/11/29 10:00:00 ERROR Executor: Exception in task",
      "org.apache.spark.SparkException: no",
      "\tat org.apache.spark.A.b(A.scala:1)",
      "Caused by: java.io.IOException: why",
      "\t... 3 more",
    ].join("\n");
    expect(join(`INFO before\n${trace}\nINFO after`)).to.deep.equal(["INFO before", trace, "INFO after"]);
  });

  it("keep a trace of Python to its last line, which is not indented", () => {
    const trace = [
      "Traceback (most recent call last):",
      '  File "a.py", line 1, in <module>',
      "    fail()",
      "ValueError: no",
    ].join("\n");
    expect(join(`[I] before\n${trace}\n[I] after`)).to.deep.equal([`[I] before\n${trace}`, "[I] after"]);
  });

  it("tell the time of the first and the last line", () => {
    const maker = new EntryMaker();
    maker.push({ time: "1", text: "ERROR a" });
    maker.push({ time: "2", text: "  at b" });
    expect(maker.push({ time: "3", text: "INFO c" })).to.deep.equal({ time: "1", text: "ERROR a\n  at b", until: "2" });
    expect(maker.flush()).to.deep.equal({ time: "3", text: "INFO c" });
    expect(maker.flush()).to.equal(undefined);
  });

  it("end where they would be too long for the store", () => {
    const maker = new EntryMaker();
    maker.push({ time: "0", text: "begin" });
    const ended = Array.from({ length: 600 }, (_, index) => maker.push({ time: String(index), text: " goes on" }));
    expect(ended.filter((entry) => entry !== undefined)).to.have.length(1);
    const long = new EntryMaker();
    long.push({ time: "0", text: "begin" });
    expect(
      Array.from({ length: 4 }, () => long.push({ time: "1", text: ` ${"x".repeat(60_000)}` })).filter(Boolean),
    ).to.have.length(1);
  });

  it("say how grave they are, each in its program's way", () => {
    const levels: readonly (readonly [string, string | undefined])[] = [
      ["[2026-11-29 10:00:00,000] INFO [Broker id=1] started (kafka.server)", "info"],
      ["26/11/29 10:00:00 WARN Foo: bar", "warn"],
      ["2026-11-29T10:00:00.000Z\tERROR\tmain\tcom.facebook.presto", "error"],
      ["2026-11-29 10:00:00.000 UTC [1] LOG:  checkpoint starting", "info"],
      ["2026-11-29 10:00:00.000 UTC [1] FATAL:  no such role", "fatal"],
      ["[I 2026-11-29 10:00:00.000 JupyterHub log:1] 200 GET", "info"],
      ["E1129 10:00:00.000000       1 main.go:1] no", "error"],
      ["2026/11/29 10:00:00 [error] 1#1: *1 open() failed", "error"],
      ['{"level":"warn","msg":"x"}', "warn"],
      ["INFO mark", "info"],
      ["the word error alone says nothing", undefined],
    ];
    for (const [text, level] of levels) expect(levelOf(text), text).to.equal(level);
  });
});
