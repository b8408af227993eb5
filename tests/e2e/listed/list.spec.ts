import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { projectDir } from "../../../cli/paths.ts";
import { Runner } from "../runner.ts";
import type { Fault } from "./fault.ts";
import { faults, faultsOf, outcomeText, tryFaults } from "./list.ts";

const numbers = (list: readonly Fault[]): number[] => list.map(({ number }) => number);

describe("the list of faults", () => {
  it("has twenty, each once and in order", () => {
    expect(numbers(faults)).to.deep.equal(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it("is the table of docs/faults.md", () => {
    const text = readFileSync(join(projectDir, "docs/faults.md"), "utf8");
    const cells = text.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
    for (const { number, done, expected, needs } of faults) {
      const row = cells.find((one) => one[1] === String(number)) ?? [];
      expect(row.slice(2, 5), String(number)).to.deep.equal([done, expected, needs]);
    }
  });

  it("is chosen from by numbers and ranges, in its own order, each once", () => {
    expect(numbers(faultsOf("9, 3"))).to.deep.equal([3, 9]);
    expect(numbers(faultsOf("1-3,2,20"))).to.deep.equal([1, 2, 3, 20]);
  });

  it("is refused with all wrong words before any fault is tried", () => {
    expect(() => faultsOf("3,21,x,7-5,")).to.throw(
      '--only 3,21,x,7-5,: "21", "x", "7-5", "" is no fault; there are 1 to 20: --list has them',
    );
  });
});

describe("a fault that is tried", () => {
  const site = () =>
    ({ end: () => Promise.resolve(void ended.push("end")) }) as unknown as Parameters<typeof tryFaults>[2];
  let ended: string[];
  const fault = (number: number, run: Fault["run"]): Fault => ({
    number,
    done: `done ${number}`,
    expected: "",
    needs: "nothing",
    limitSeconds: 1,
    run,
  });
  const log = console.log;
  beforeEach(() => {
    ended = [];
    console.log = () => undefined;
  });
  afterEach(() => {
    console.log = log;
  });

  it("is told with what was seen, or why that is not what is expected; the next one is tried all the same", async () => {
    const runner = new Runner();
    const outcomes = await tryFaults(
      runner,
      [
        fault(1, () => Promise.reject(new Error("it went on"))),
        fault(2, () => new Promise(() => undefined)),
        fault(3, () => Promise.resolve("refused after 2 s")),
      ],
      site(),
    );
    expect(outcomes.map(({ ok }) => ok)).to.deep.equal([false, false, true]);
    expect(outcomes[0]?.seen).to.equal("it went on");
    expect(outcomes[1]?.seen).to.equal("took longer than 1.0 s");
    expect(outcomes[2]?.seen).to.equal("refused after 2 s");
    expect([runner.passed, runner.failed]).to.deep.equal([1, 2]);
    expect(ended).to.deep.equal(["end"]);
    expect(outcomeText(outcomes).split("\n").at(-1)).to.match(/^3 +ok +0\.0 s +done 3 +refused after 2 s$/);
  });
});
