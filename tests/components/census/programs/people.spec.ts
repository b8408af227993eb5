import { expect } from "chai";
import { createHash } from "node:crypto";
import { makePerson } from "../../../../components/census/programs/people.ts";

/** As Python prints a list of lists. */
function pythonText(rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number): string => (typeof value === "number" ? String(value) : `'${value}'`);
  return `[${rows.map((row) => `[${row.map(cell).join(", ")}]`).join(", ")}]`;
}

describe("people of the census", () => {
  it("are the same as those that the batch makes in Python, for ever", () => {
    const rows = Array.from({ length: 1000 }, (_, number) => {
      const { person, region, sex, age, education, occupation, hours_per_week, income } = makePerson(1, number);
      return [person, region, sex, age, education, occupation, hours_per_week, income];
    });
    const hash = createHash("sha256").update(pythonText(rows)).digest("hex");
    // The hash of python/tests/test_census.py.
    expect(hash.slice(0, 16)).to.equal("11251cfe9b9a4beb");
  });

  it("differ by the seed", () => {
    const incomes = (seed: number): number[] =>
      Array.from({ length: 100 }, (_, number) => makePerson(seed, number).income);
    expect(incomes(1)).to.deep.equal(incomes(1));
    expect(incomes(1)).not.to.deep.equal(incomes(2));
  });
});
