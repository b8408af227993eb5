import { expect } from "chai";

import { must, Runner } from "./runner.ts";

describe("the end of an end-to-end run's log", () => {
  const { log } = console;
  before(() => {
    console.log = () => undefined;
  });
  after(() => {
    console.log = log;
  });

  it("names each failure with its cause: steps, and parts that fail outside of their steps", async () => {
    const runner = new Runner();
    await runner.part("resize", async () => {
      await runner.step("claims grow", 1000, () => Promise.resolve("3 services"));
      must(await runner.step("no row is lost", 1000, () => Promise.reject(new Error("2 of 3 rows"))), "rows are lost");
    });
    await runner.part("dags", () => Promise.reject(new Error("the platform has no claims")));
    await runner.part("browser", async () => {
      await runner.step("the page shows figures", 1000, () => Promise.resolve(undefined));
    });
    const lines = runner.ending.replaceAll(/\(\d+ ms\)/g, "(1 ms)").split("\n");
    expect(lines).to.deep.equal([
      "✗ no row is lost (1 ms): 2 of 3 rows",
      "✗ part resize: rows are lost",
      "✗ part dags: the platform has no claims",
      "2 passed, 3 failed",
    ]);
  });
});
