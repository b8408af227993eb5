import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { processTree, treeBytes } from "../../../bench/engine/processes.ts";

describe("memory of a process with all that it starts", () => {
  let root: string;
  const add = (pid: number, pages: number, threads: Readonly<Record<number, string>>): void => {
    for (const [thread, children] of Object.entries(threads)) {
      mkdirSync(join(root, String(pid), "task", thread), { recursive: true });
      writeFileSync(join(root, String(pid), "task", thread, "children"), children);
    }
    writeFileSync(join(root, String(pid), "statm"), `99999 ${pages} 1 1 0 1 0\n`);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "proc-"));
    add(10, 100, { 10: "20 ", 11: "30 " });
    add(20, 10, { 20: "40 " });
    add(30, 1, { 30: "" });
    add(40, 1000, { 40: "" });
    add(50, 5, { 50: "" });
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it("is the sum over children of all threads, and over their children", () => {
    expect(processTree(10, root).sort()).to.deep.equal([10, 20, 30, 40]);
    expect(treeBytes(10, root)).to.equal(1111 * 4096);
  });

  it("is nothing once it has ended", () => {
    expect(processTree(77, root)).to.deep.equal([]);
    expect(treeBytes(77, root)).to.equal(0);
  });
});
