import { expect } from "chai";
import { MarkedNumbers } from "../../../../components/random-numbers/hops/marked-numbers.ts";
import { makeMarkedRun } from "../../../../components/telemetry/hops/marked-records.ts";
import { recordsOf, sentNumbers } from "../../../support/hops.ts";

describe("marked numbers", () => {
  it("are as many as the records, but no more than the display shows, and different in each run", () => {
    const of = (records: number): readonly number[] => new MarkedNumbers(makeMarkedRun({ records, poison: 0 })).values;
    expect(of(200)).to.have.length(200);
    expect(of(5000)).to.have.length(1000);
    expect(of(5)).to.not.deep.equal(of(5));
    expect(of(1000).every((value) => value >= 0 && value < 1000)).to.equal(true);
  });

  it("have poison that a request can carry, each with its reason", () => {
    const { poison } = new MarkedNumbers(makeMarkedRun({ records: 1, poison: 6 }));
    expect(poison.map(({ reason }) => reason)).to.deep.equal([
      "not JSON",
      "unknown version",
      "bad time",
      "value too big",
      "field missing or of a wrong type: value",
    ]);
    expect(poison.every(({ value }) => value.length > 0)).to.equal(true);
  });

  it("are told from those of a try that failed", () => {
    const numbers = sentNumbers();
    const first = numbers.run;
    numbers.startAnew();
    expect(numbers.run).to.match(/^proof-\d{13}-[0-9a-f]{8}$/);
    expect(numbers.runs).to.deep.equal([first, numbers.run]);
    expect(numbers.records).to.deep.equal([]);
    expect([first, numbers.run].every((run) => numbers.isOurs(run))).to.equal(true);
  });

  it("count what old proofs have left for ours to remove, and nothing of others", () => {
    const numbers = new MarkedNumbers(makeMarkedRun({ records: 1, poison: 0 }, new Date(1_795_253_000_000)));
    expect(numbers.isOurs("proof-1795252000000-00000000")).to.equal(true);
    expect(numbers.isOurs("proof-1795252999999-00000000")).to.equal(false);
    expect(numbers.isOurs("pumps")).to.equal(false);
  });

  it("differ in words: missing, doubled, with another value, of another time, or others", () => {
    const numbers = sentNumbers(3);
    const sent = recordsOf(numbers.values);
    const [first, ...rest] = sent;
    if (first === undefined) throw new Error("there are three");
    expect(numbers.differenceOf(sent)).to.equal(undefined);
    expect(numbers.differenceOf(rest)).to.equal("2 of 3 records");
    expect(numbers.differenceOf([...sent, first])).to.equal("4 records where 3 were sent: duplicates");
    expect(numbers.differenceOf([{ ...first, value: first.value + 1e-9 }, ...rest])).to.match(
      /^record n-0 with the value \S+, sent was \S+$/,
    );
    expect(numbers.differenceOf([{ ...first, ts: first.ts + 1 }, ...rest])).to.equal(
      "record n-0 of 2026-11-21T12:00:05.001Z, sent was 2026-11-21T12:00:05.000Z",
    );
    expect(numbers.differenceOf([{ ...first, id: "other" }, ...rest])).to.equal(
      "no record n-0, which was sent, and another one instead",
    );
    expect(numbers.differenceOf([{ ...first, value: first.value + 1000 }, ...rest])).to.contain("values differ");
  });
});
