import { expect } from "chai";
import { deadLetterProblem } from "../../../../components/telemetry/hops/dead-letter.ts";
import {
  makeMarkedRun,
  messagesOf,
  recordsDifference,
  type SeenRecord,
} from "../../../../components/telemetry/hops/marked-records.ts";
import { isLeftover } from "../../../../platform/hops/run.ts";

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

describe("marked records that a store gives back", () => {
  const marked = makeMarkedRun({ records: 20, poison: 0 }, new Date("2026-11-27T08:00:00.500Z"));
  const stored = (): SeenRecord[] => marked.records.map((record) => ({ ...record, ts: Date.parse(record.ts) }));
  const [first, second] = stored() as [SeenRecord, SeenRecord];
  const with0 = (change: Partial<SeenRecord>): SeenRecord[] => stored().with(0, { ...first, ...change });

  it("are those that were sent, in any order", () => {
    expect(recordsDifference(stored().reverse(), marked)).to.equal(undefined);
  });

  it("have each its own value: two that are swapped keep count, ids and sum", () => {
    const swapped = with0({ value: second.value }).with(1, { ...second, value: first.value });
    expect(recordsDifference(swapped, marked)).to.equal(`record ${first.id} with the value 1007, sent was 1000`);
  });

  it("have each its own time", () => {
    expect(recordsDifference(with0({ ts: first.ts + 3_600_000 }), marked)).to.equal(
      `record ${first.id} of 2026-11-27T09:00:00.500Z, sent was 2026-11-27T08:00:00.500Z`,
    );
    const swapped = with0({ ts: second.ts }).with(1, { ...second, ts: first.ts });
    expect(recordsDifference(swapped, marked)).to.contain(`record ${first.id} of 2026-11-27T08:00:00.499Z`);
    expect(recordsDifference(with0({ ts: NaN }), marked)).to.contain("of no time");
  });

  it("have their metric, their node, their source and their run", () => {
    for (const field of ["metric", "node", "source", "run"] as const) {
      expect(recordsDifference(with0({ [field]: "another" }), marked)).to.equal(
        `record ${first.id} with the ${field} another, sent was ${String(first[field])}`,
      );
    }
  });

  it("are no others under the same count", () => {
    expect(recordsDifference(with0({ id: "another" }), marked)).to.equal(
      `no record ${first.id}, which was sent, and another one instead`,
    );
    expect(recordsDifference(stored().slice(1), marked)).to.equal("19 of 20 records");
    expect(recordsDifference([...stored(), first], marked)).to.equal("21 records where 20 were sent: duplicates");
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
