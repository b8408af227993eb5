import { expect } from "chai";
import fc from "fast-check";
import { packedBytes, packedSlots, packSample, unpackSample } from "../../../../components/race-car/programs/packed.ts";
import { good, NOW } from "./a-sample.ts";

const SESSION = 0x8f3a;

describe("A packed sample", () => {
  it("has its values where the docs have them", () => {
    expect(packedSlots.map(({ name, form, offset }) => `${offset} ${form} ${name}`)).to.deep.equal([
      "0 ascii magic",
      "2 u8 v",
      "3 u8 sector",
      "4 ascii car",
      "20 u32 session",
      "24 u32 seq",
      "28 i64 ts",
      "36 f64 distance",
      "44 f32 x",
      "48 f32 y",
      "52 f32 speed",
      "56 u16 rpm",
      "58 u16 lap",
      "60 i8 gear",
      "61 ascii reserved",
      "64 f32 throttle",
      "68 f32 brake",
      "72 f32 steering",
      "76 f32 battery",
      "80 f32 engineTemp",
      "84 f32 tyreTempFl",
      "88 f32 tyreTempFr",
      "92 f32 tyreTempRl",
      "96 f32 tyreTempRr",
      "100 f32 tyreWearFl",
      "104 f32 tyreWearFr",
      "108 f32 tyreWearRl",
      "112 f32 tyreWearRr",
      "116 f32 lapTime",
      "120 f32 lastLapTime",
    ]);
    expect(packedBytes).to.equal(124);
  });

  it("is little-endian", () => {
    const bytes = Buffer.from(packSample(good, SESSION));
    expect(bytes.subarray(0, 11).toString("latin1")).to.equal("RC\x01\x01car-01\0");
    expect(bytes.readUInt32LE(20)).to.equal(SESSION);
    expect(bytes.readBigInt64LE(28)).to.equal(BigInt(NOW + 20));
    expect(bytes.readDoubleLE(36)).to.equal(1234.567);
    expect(bytes.readUInt16LE(56)).to.equal(9200);
    expect(bytes.readInt8(60)).to.equal(4);
  });

  it("is read as the sample that was packed", () => {
    expect(unpackSample(packSample(good, SESSION), NOW)).to.deep.equal(good);
    const first = { ...good, gear: -1, lastLapTime: null };
    expect(unpackSample(packSample(first, SESSION), NOW)).to.deep.equal(first);
  });

  it("is refused when it is half of one, something else, of another version, or of another time", () => {
    const bytes = packSample(good, SESSION);
    const reason = (changed: Uint8Array) => unpackSample(changed, NOW);
    const altered = (offset: number, value: number): Uint8Array => {
      const copy = Uint8Array.from(bytes);
      copy[offset] = value;
      return copy;
    };
    expect(reason(bytes.subarray(0, 62))).to.deep.equal({
      reason: "packed sample of 62 bytes, right are 124",
      run: null,
    });
    expect(reason(altered(0, 0x58))).to.deep.include({ reason: "no packed sample: it does not begin with RC" });
    expect(reason(altered(2, 9))).to.deep.include({ reason: "unknown version: 9, known 1" });
    expect(reason(altered(35, 0x7f)))
      .to.have.property("reason")
      .that.matches(/^time out of range: \d+/);
    expect(reason(altered(5, 0x20)))
      .to.have.property("reason")
      .that.matches(/^bad id: c r-01-/);
  });

  it("is read from any bytes without an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: packedBytes - 3, maxLength: packedBytes - 3 }), (rest) => {
        const bytes = Uint8Array.from([0x52, 0x43, 1, ...rest]);
        expect(unpackSample(bytes, NOW)).to.be.an("object");
      }),
    );
  });
});
