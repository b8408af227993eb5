import { expect } from "chai";
import { markedSamples, samplesDifference } from "../../../../components/connect/hops/marked-samples.ts";

const marked = markedSamples("proof-1764325678123-0a1b2c3d", 20, new Date(Date.UTC(2026, 10, 28)));
const [first, ...rest] = marked.samples;

describe("the records that go through Connect", () => {
  it("are several keys' and have ids of the run", () => {
    expect(new Set(marked.samples.map(({ series }) => series)).size).to.equal(5);
    expect(new Set(marked.samples.map(({ id }) => id)).size).to.equal(20);
    expect(marked.expected).to.deep.include({ count: 20, distinct: 20, checksum: "21330" });
  });

  it("come back in any order", () => {
    expect(samplesDifference(marked.samples.toReversed(), marked)).to.equal(undefined);
  });

  it("are missed, seen twice, and seen with another value in any field", () => {
    if (first === undefined) throw new Error("no samples");
    expect(samplesDifference(rest, marked)).to.equal("19 of 20 records");
    expect(samplesDifference([first, ...marked.samples], marked)).to.contain("duplicates");
    expect(samplesDifference([{ ...first, value: first.value + 1 }, ...rest], marked)).to.contain("checksum");
    expect(samplesDifference([{ ...first, series: "other" }, ...rest], marked)).to.contain("the series other");
    expect(samplesDifference([{ ...first, ts: "2026-11-28T00:00:00Z" }, ...rest], marked)).to.contain("the ts");
    expect(samplesDifference([{ ...first, id: "x" }, ...rest], marked)).to.equal(
      `no record ${first.id}, which was sent, and another one instead`,
    );
  });
});
