import { expect } from "chai";
import fc from "fast-check";
import {
  isSample,
  mostSampleBytes,
  readSample,
  rounded,
  sampleOf,
  sampleText,
} from "../../../../components/race-car/programs/sample.ts";
import { good, NOW } from "./a-sample.ts";

const read = (value: unknown) => readSample(Buffer.from(JSON.stringify(value)), NOW);
const changed = (change: object) => read({ ...good, ...change });
const reasonOf = (change: object): string => (changed(change) as { reason: string }).reason;

describe("A sample", () => {
  it("is read as it was written", () => {
    expect(read(good)).to.deep.equal(good);
    expect(sampleText(good)).to.equal(JSON.stringify(good));
  });

  it("loses fields that are none, and gets null for optional ones that are not there", () => {
    const needed = Object.entries(good).filter(([name]) => name !== "run" && name !== "lastLapTime");
    expect(read({ ...Object.fromEntries(needed), weather: "wet" })).to.deep.equal({ ...good, lastLapTime: null });
  });

  it("has numbers of three decimals at most, and no negative zero", () => {
    expect(changed({ speed: 61.23456, brake: -0.0 })).to.deep.equal({ ...good, speed: 61.235 });
    expect(Object.is(rounded(-0.0001), 0)).to.equal(true);
  });

  it("says what is wrong with it", () => {
    const reasons: [change: object, reason: string][] = [
      [{ v: 2 }, "unknown version: 2, known 1"],
      [{ v: "1" }, "unknown version: 1, known 1"],
      [{ id: undefined }, "field missing or of a wrong type: id"],
      [{ car: "" }, "bad car: , allowed 1 to 32 letters, digits, dots, dashes, colons and underscores"],
      [{ car: "ä" }, "bad car: ä, allowed 1 to 32 letters, digits, dots, dashes, colons and underscores"],
      [{ seq: -1 }, "seq out of range: -1, allowed 0 to 4294967295"],
      [{ seq: 1.5 }, "no whole number: seq"],
      [{ ts: "2026-11-28 10:00:00" }, "bad time: 2026-11-28 10:00:00"],
      [{ ts: "2026-02-30T10:00:00.000Z" }, "bad time: 2026-02-30T10:00:00.000Z"],
      [{ ts: "2026-11-28T10:00:02.001Z" }, "time out of range: 2026-11-28T10:00:02.001Z"],
      [{ ts: "1999-12-31T23:59:59.999Z" }, "time out of range: 1999-12-31T23:59:59.999Z"],
      [{ speed: null }, "field missing or of a wrong type: speed"],
      [{ speed: 200.001 }, "speed out of range: 200.001, allowed 0 to 200"],
      [{ throttle: 1.001 }, "throttle out of range: 1.001, allowed 0 to 1"],
      [{ gear: "4" }, "field missing or of a wrong type: gear"],
      [{ lastLapTime: -1 }, "lastLapTime out of range: -1, allowed 0 to 86400"],
    ];
    expect(reasons.map(([change]) => reasonOf(change))).to.deep.equal(reasons.map(([, reason]) => reason));
    expect(changed({ ts: "2026-11-28T10:00:02.000Z" })).to.have.property("ts");
  });

  it("says what is no object of JSON", () => {
    const reasons = [
      [null, "null value"],
      [Buffer.from([0xff, 0xfe]), "not UTF-8"],
      [Buffer.from(JSON.stringify(good).slice(0, 100)), "not JSON"],
      [Buffer.from(""), "not JSON"],
      [Buffer.from("[1]"), "no JSON object"],
      [Buffer.from("null"), "no JSON object"],
      [Buffer.alloc(mostSampleBytes + 1, 0x20), "value too big: 4097 bytes, allowed 4096"],
    ] as const;
    for (const [bytes, reason] of reasons) expect(readSample(bytes, NOW)).to.deep.equal({ reason, run: null });
  });

  it("tells the run that a bad one says it belongs to, where it is a name", () => {
    expect(changed({ speed: -1, run: "proof-1" })).to.deep.equal({
      reason: "speed out of range: -1, allowed 0 to 200",
      run: "proof-1",
    });
    expect(changed({ run: "two words" })).to.deep.include({ run: null });
  });

  it("is read from whatever comes without an error", () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(...Object.keys(good)), (value, name) => {
        const found = sampleOf({ ...good, [name]: value }, NOW);
        expect(isSample(found) ? found.v : found.reason).not.to.equal(undefined);
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readSample(bytes, NOW)));
  });

  it("that was read is read again as the same", () => {
    const number = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(number, number, (throttle, battery) => {
        const once = sampleOf({ ...good, throttle, battery }, NOW);
        expect(readSample(Buffer.from(JSON.stringify(once)), NOW)).to.deep.equal(once);
      }),
    );
  });
});
