import { expect } from "chai";
import fc from "fast-check";
import { carAt, step } from "../../../../components/race-car/programs/car.ts";
import { Race, sampleId, sessionAt } from "../../../../components/race-car/programs/race.ts";
import { sampleOf, type Sample } from "../../../../components/race-car/programs/sample.ts";
import { seeded } from "../../../../components/race-car/programs/seeded.ts";
import { placeAt, sectorAt, trackNames, trackOf } from "../../../../components/race-car/programs/track.ts";
import { NOW } from "./a-sample.ts";

const make = (settings: Partial<ConstructorParameters<typeof Race>[0]> = {}): Race =>
  new Race({ cars: 2, rate: 20, seed: 1, track: "mill", session: 0x8f3a, ...settings });

/** So many samples of each car, one after the other. */
function drive(race: Race, count: number, rate = 20): Sample[] {
  return Array.from({ length: count }, (_, index) => race.next(NOW + (index * 1000) / rate)).flat();
}

describe("A track", () => {
  it("is closed: its end is its begin, and no place is far from the next", () => {
    for (const name of trackNames) {
      const track = trackOf(name);
      const { places, length } = track;
      expect(placeAt(track, length), name).to.deep.equal(placeAt(track, 0));
      for (const [index, place] of places.entries()) {
        const next = places[(index + 1) % places.length] ?? place;
        expect(Math.hypot(next.x - place.x, next.y - place.y), `${name} ${index}`).to.be.within(1.9, 2.1);
      }
    }
  });

  it("turns once around itself", () => {
    for (const name of trackNames) {
      const { places, length } = trackOf(name);
      const turned = places.reduce((sum, { curvature }) => sum + curvature, 0) * (length / places.length);
      expect(turned, name).to.be.closeTo(2 * Math.PI, 0.05);
    }
  });

  it("has the lengths that the docs say, in three sectors", () => {
    expect(trackNames.map((name) => Math.round(trackOf(name).length))).to.deep.equal([2347, 2024]);
    const track = trackOf("mill");
    const sectors = [0, 1 / 3 - 1e-6, 1 / 3, 2 / 3, 1].map((share) => sectorAt(track, share * track.length));
    expect(sectors).to.deep.equal([1, 1, 2, 3, 3]);
  });
});

describe("Seeded numbers", () => {
  it("are the same for a seed, and within 0 and 1", () => {
    const random = seeded(1);
    expect([random(), random(), random()].map((value) => value.toFixed(6))).to.deep.equal([
      "0.627074",
      "0.002736",
      "0.527447",
    ]);
    fc.assert(fc.property(fc.integer(), (seed) => seeded(seed)() >= 0 && seeded(seed)() < 1));
  });
});

describe("A race", () => {
  it("is the same for a seed, and another one for another", () => {
    expect(drive(make(), 100)).to.deep.equal(drive(make(), 100));
    expect(drive(make({ seed: 2 }), 100)).not.to.deep.equal(drive(make(), 100));
  });

  it("begins on the grid, and is at a known place after a minute", () => {
    const samples = drive(make(), 1201);
    const { id, seq, ts, lap, speed, distance } = samples[0] as Sample;
    expect({ id, seq, ts, lap, speed, distance }).to.deep.equal({
      id: "car-01-00008f3a-000000",
      seq: 0,
      ts: "2026-11-28T10:00:00.000Z",
      lap: 1,
      speed: 0,
      distance: 0,
    });
    const last = samples.at(-2) as Sample;
    expect(last).to.deep.equal(AFTER_A_MINUTE);
  });

  it("of any seed, rate and track gives samples that are valid", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: 1, max: 100 }),
        fc.constantFrom(...trackNames),
        (seed, rate, track) => {
          for (const sample of drive(make({ cars: 1, seed, rate, track }), 60, rate)) {
            expect(sampleOf({ ...sample }, NOW + 3_600_000)).to.deep.equal(sample);
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  it("goes forward, stays on the track, and counts laps and their times", () => {
    const race = make({ cars: 1, seed: 7 });
    const { places, length } = trackOf("mill");
    let before: Sample | undefined;
    for (const sample of drive(race, 20 * 120)) {
      const nearest = Math.min(...places.map(({ x, y }) => Math.hypot(x - sample.x, y - sample.y)));
      if (sample.seq % 50 === 0) expect(nearest, sample.id).to.be.lessThan(5);
      if (before !== undefined) {
        expect(sample.distance, sample.id).to.be.at.least(before.distance);
        // No car gains or loses more than its tyres hold.
        expect(Math.abs(sample.speed - before.speed), sample.id).to.be.lessThan(0.05 * 60);
        if (sample.lap > before.lap) expect(sample.lastLapTime).to.be.within(before.lapTime, before.lapTime + 0.051);
      }
      before = sample;
    }
    expect(before?.lap).to.equal(Math.floor(((before?.distance ?? 0) + 9) / length) + 1);
  });

  it("uses energy, heats and wears its tyres, and stops for new ones when they are worn", () => {
    let car = {
      ...carAt(0),
      tyreWear: [0.61, 0.5, 0.5, 0.5] as readonly [number, number, number, number],
      position: 1900,
    };
    const track = trackOf("mill");
    const driver = { courage: 0.9, weave: 0, phase: 0 };
    let stood = 0;
    for (let count = 0; count < 100 * 60 && car.tyreWear[0] !== 0; count++) {
      car = step(track, driver, car, 0.01);
      if (car.standing > 0) stood++;
    }
    expect(car.tyreWear).to.deep.equal([0, 0, 0, 0]);
    expect(car.position).to.be.within(track.length - 40, track.length);
    expect(stood / 100).to.be.closeTo(3, 0.05);
  });

  it("is solved in short steps only", () => {
    expect(() => step(trackOf("oval"), { courage: 1, weave: 0, phase: 0 }, carAt(0), 0.02)).to.throw(
      RangeError,
      "a step of 0.02 s; give up to 0.01",
    );
  });

  it("names its samples after car, session and number", () => {
    expect(sampleId("car-07", sessionAt(1_700_000_000_999), 12)).to.equal("car-07-6553f100-000012");
  });
});

const AFTER_A_MINUTE: Sample = {
  v: 1,
  id: "car-01-00008f3a-001200",
  car: "car-01",
  seq: 1200,
  ts: "2026-11-28T10:01:00.000Z",
  run: null,
  lap: 2,
  sector: 1,
  distance: 2518.394,
  x: 188.628,
  y: -15.986,
  speed: 73.025,
  rpm: 10473,
  gear: 6,
  throttle: 1,
  brake: 0,
  steering: -0.006,
  battery: 0.819,
  engineTemp: 94.899,
  tyreTempFl: 51.103,
  tyreTempFr: 60.814,
  tyreTempRl: 63.615,
  tyreTempRr: 74.32,
  tyreWearFl: 0.016,
  tyreWearFr: 0.024,
  tyreWearRl: 0.021,
  tyreWearRr: 0.029,
  lapTime: 2.812,
  lastLapTime: 57.188,
};
