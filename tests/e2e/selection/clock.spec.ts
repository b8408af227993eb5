import { expect } from "chai";

import { type Ahead, isTooLate, leftOut, overTime, slownessOf } from "./clock.ts";
import type { Reason } from "./plan.ts";

const done = (name: string, minutes: number, tookMinutes: number): Parameters<typeof slownessOf>[0][number] => ({
  name,
  minutes,
  tookMinutes,
});
const ahead = (name: string, minutes: number, reason: Reason, dueIn = 0): Ahead => ({ name, minutes, reason, dueIn });

describe("the clock of an end-to-end run", () => {
  it("takes a machine for slower by the minutes of the parts behind it, never for quicker", () => {
    expect(slownessOf([done("a", 2, 3), done("b", 4, 6)])).to.equal(1.5);
    expect(slownessOf([done("a", 4, 2)])).to.equal(1);
    expect(slownessOf([done("a", 4, 40)])).to.equal(4);
  });

  it("does not judge a machine by what takes seconds", () => {
    expect(slownessOf([done("a", 0.5, 5)])).to.equal(1);
    expect(slownessOf([])).to.equal(1);
  });

  it("names a part that takes longer than its minutes by half", () => {
    const rest = done("rest", 20, 20);
    expect(overTime([rest, done("windows", 4, 5.9)])).to.deep.equal([]);
    expect(overTime([rest, done("windows", 4, 8)])).to.deep.equal([
      "part windows took 8.0 min of 4.0 on a machine 1.2 times slower: " +
        "make it cheaper, or write its new minutes into tests/e2e/parts.ts with the reason",
    ]);
  });

  it("gives a short part a minute more, and all of them what a slow machine takes", () => {
    const rest = done("rest", 20, 20);
    expect(overTime([rest, done("memory", 0.1, 1.05)])).to.deep.equal([]);
    expect(overTime([rest, done("memory", 0.1, 1.5)])).to.have.length(1);
    expect(overTime([done("rest", 20, 40), done("windows", 4, 11.5)])).to.deep.equal([]);
  });

  it("leaves out what is due last, turns before samples, and no more than it must", () => {
    const parts = [
      ahead("kafka", 5, "spine"),
      ahead("dags", 5, "touched", 40),
      ahead("windows", 5, "partly", 30),
      ahead("retry", 5, "turn", 1),
      ahead("owners", 5, "turn", 9),
    ];
    expect(leftOut(parts, 25, 1)).to.deep.equal([]);
    expect(leftOut(parts, 24, 1)).to.deep.equal(["owners"]);
    expect(leftOut(parts, 16, 1)).to.deep.equal(["owners", "retry"]);
    expect(leftOut(parts, 25, 1.5)).to.deep.equal(["owners", "retry"]);
    expect(leftOut(parts, 14, 1)).to.deep.equal(["owners", "retry", "windows"]);
    expect(leftOut(parts, 1, 1)).to.deep.equal(["owners", "retry", "windows"]);
  });

  it("begins no part after which the spine would come too late, and always the spine", () => {
    const spine = [ahead("switch", 4, "spine"), ahead("down", 1, "spine")];
    const next = ahead("dags", 3, "touched");
    expect(isTooLate([next, ahead("scheduler", 9, "touched"), ...spine], 8, 1)).to.equal(false);
    expect(isTooLate([next, ...spine], 7.9, 1)).to.equal(true);
    expect(isTooLate([next, ...spine], 8, 1.5)).to.equal(true);
    expect(isTooLate(spine, 0, 1)).to.equal(false);
    expect(isTooLate([], 0, 1)).to.equal(false);
  });
});
