import { expect } from "chai";
import { deadLetterProblem } from "../../check/hops/dead-letter.ts";
import { isLeftover, makeMarkedRun, messagesOf } from "../../check/marked-records.ts";

describe("marked records", () => {
  it("all carry the run in their header, and the good ones whole values", () => {
    const marked = makeMarkedRun({ records: 20, poison: 6 });
    expect(messagesOf(marked).every(({ headers }) => headers["millrace-run"] === marked.run)).to.equal(true);
    expect(marked.records.every(({ value }) => Number.isInteger(value))).to.equal(true);
    expect(marked.expected).to.include({ count: 20, distinct: 20 });
  });

  it("are leftovers of a proof 10 minutes after it began, and others never are", () => {
    const began = 1_790_000_000_000;
    const { run } = makeMarkedRun({ records: 1, poison: 0 }, new Date(began));
    expect(isLeftover(run, new Date(began + 9 * 60_000))).to.equal(false);
    expect(isLeftover(run, new Date(began + 11 * 60_000))).to.equal(true);
    expect(isLeftover("bench-1790000000000", new Date(began * 2))).to.equal(false);
  });

  it("contain poison of several kinds", () => {
    const reasons = makeMarkedRun({ records: 1, poison: 6 }).poison.map(({ reason }) => reason);
    expect(new Set(reasons).size).to.equal(6);
  });
});

describe("dead-letter hop", () => {
  const marked = makeMarkedRun({ records: 1, poison: 3 });
  const rows = marked.poison.map(({ message, reason }) => ({ key: message.key, error: `${reason}: more` }));

  it("accepts each poison record once with its reason", () => {
    expect(deadLetterProblem(rows, marked)).to.equal(undefined);
  });

  it("says what is missing, doubled or has another reason", () => {
    expect(deadLetterProblem(rows.slice(1), marked)).to.equal("2 of 3 poison records are in table dead_letter");
    expect(deadLetterProblem([...rows, rows[0]!], marked)).to.contain("4 rows in table dead_letter for 3");
    expect(deadLetterProblem([{ key: "poison-0", error: "other" }, ...rows.slice(1)], marked)).to.contain(
      'record poison-0 has the reason "other"',
    );
  });
});
