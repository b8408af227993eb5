import { expect } from "chai";
import { figuresOfSamples, MarkedSamples } from "../../../../components/race-car/hops/marked-samples.ts";
import { readSample, sampleOf, sampleText } from "../../../../components/race-car/programs/sample.ts";
import { NOW } from "../programs/a-sample.ts";

const make = (count = 40): MarkedSamples =>
  new MarkedSamples({ run: "proof-1764324000000-0a1b2c3d", records: Array.from({ length: count }) });

describe("The samples of a proof", () => {
  it("are as many as its records, of cars of its own, of the last two seconds, and no two alike", () => {
    const marked = make();
    expect(marked.samples).to.deep.equal([]);
    const samples = marked.make(NOW);
    expect(samples).to.have.length(40);
    expect(new Set(samples.map(({ id }) => id)).size).to.equal(40);
    expect(new Set(samples.map(({ car }) => car))).to.deep.equal(new Set(["proof-01-0a1b2c3d", "proof-02-0a1b2c3d"]));
    expect(new Set(samples.map(({ speed }) => speed)).size).to.be.greaterThan(30);
    for (const sample of samples) {
      expect(sampleOf({ ...sample }, NOW)).to.deep.equal(sample);
      expect(sample.run).to.equal(marked.run);
      expect(NOW - Date.parse(sample.ts)).to.be.within(0, 2000);
    }
    expect(figuresOfSamples(samples)).to.include({ count: 40, distinct: 40 });
  });

  it("are refused ones beside them, for the reason that each has", () => {
    const marked = make();
    marked.make(NOW);
    expect(marked.poison).to.have.length(4);
    for (const { text, reason } of marked.poison) {
      const read = readSample(Buffer.from(text), NOW);
      expect(read)
        .to.have.property("reason")
        .that.satisfies((found: string) => found.startsWith(reason));
      expect(read).to.have.property("run", marked.run);
    }
  });

  it("are told from others in any field", () => {
    const marked = make(3);
    const [one, two, three] = marked.make(NOW).map((sample) => JSON.parse(sampleText(sample)) as typeof sample);
    if (one === undefined || two === undefined || three === undefined) throw new Error("there are not three");
    expect(marked.differenceOf([three, one, two])).to.equal(undefined);
    expect(marked.differenceOf([one, two])).to.equal(`2 samples, and no sample ${three.id}, which was sent`);
    expect(marked.differenceOf([one, two, three, three])).to.equal("4 samples with 3 different ids: duplicates");
    expect(marked.differenceOf([one, two, { ...three, battery: 0.5 }])).to.equal(
      `sample ${three.id} with the battery 0.5, sent was ${three.battery}`,
    );
    expect(marked.differenceOf([one, two, three, { ...three, id: "other" }])).to.equal("4 samples, 3 sent");
  });

  it("travel under another run after a try that failed", () => {
    const marked = make();
    const first = marked.run;
    marked.startAnew();
    expect(marked.run)
      .to.match(/^proof-\d{13}-[0-9a-f]{8}$/)
      .and.not.equal(first);
    expect(marked.runs).to.deep.equal([first, marked.run]);
    expect(marked.samples).to.deep.equal([]);
  });
});
