import { expect } from "chai";
import fc from "fast-check";
import {
  type RaceWindow,
  type WindowSample,
  windowsDifference,
  windowsOf,
} from "../../../../components/race-windows/programs/reference.ts";
import cases from "../window-cases.json" with { type: "json" };

const length = { windowSeconds: 10, latenessSeconds: 5 };
const sample: WindowSample = {
  id: "car-1-0",
  car: "car-1",
  ts: 0,
  speed: 60,
  battery: 0.9,
  engineTemp: 90,
  tyreTempFl: 80,
  tyreTempFr: 81,
  tyreTempRl: 82,
  tyreTempRr: 83,
  distance: 100,
  lap: 1,
};
const at = (ts: number, more: Partial<WindowSample> = {}): WindowSample => ({ ...sample, id: `at-${ts}`, ts, ...more });
const startsOf = (windows: readonly RaceWindow[]): number[] => windows.map(({ start }) => start);

/** Thousandths, as samples have them. */
const decimal = (most: number) => fc.integer({ min: 0, max: most * 1000 }).map((value) => value / 1000);
const samples = fc
  .array(
    fc.record({
      car: fc.constantFrom("car-1", "car-2", "car-3"),
      ts: fc.integer({ min: 0, max: 60_000 }),
      speed: decimal(100),
      battery: decimal(1),
      engineTemp: decimal(200),
      tyreTempFl: decimal(200),
      tyreTempFr: decimal(200),
      tyreTempRl: decimal(200),
      tyreTempRr: decimal(200),
      distance: decimal(1e6),
      lap: fc.integer({ min: 1, max: 99 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((list): WindowSample[] => list.map((one, index) => ({ ...one, id: `id-${index}` })));
/** Late enough for all of {@link samples}. */
const patient = { windowSeconds: 10, latenessSeconds: 60 };

describe("the race's windows", () => {
  it("hold count, mean, least and greatest of each car's samples, with the hottest of four tyres", () => {
    const { windows, late, duplicates } = windowsOf(
      [
        at(9999, { speed: 0.1, battery: 0.5, tyreTempFr: 130.5, lap: 2 }),
        at(0, { speed: 0.2, engineTemp: 101.25, distance: 99.5 }),
        at(1, { speed: 0.3, tyreTempRl: 120 }),
        at(3, { car: "car-0" }),
      ],
      length,
    );
    expect({ late, duplicates }).to.deep.equal({ late: 0, duplicates: 0 });
    expect(windows.map(({ car }) => car)).to.deep.equal(["car-0", "car-1"]);
    expect(windows[1]).to.deep.equal({
      car: "car-1",
      start: 0,
      count: 3,
      // Of the exact sum: a sum of doubles would be 0.6000000000000001.
      speed_mean: 0.6 / 3,
      speed_min: 0.1,
      speed_max: 0.3,
      battery_min: 0.5,
      engine_temp_max: 101.25,
      tyre_temp_max: 130.5,
      distance_max: 100,
      lap_max: 2,
    });
  });

  it("begin at whole multiples of their length since 1970, whose end belongs to the next one", () => {
    expect(startsOf(windowsOf([at(9999), at(10_000), at(19_999)], length).windows)).to.deep.equal([0, 10_000]);
    expect(
      startsOf(windowsOf([at(9999), at(10_000), at(19_999)], { ...length, windowSeconds: 7 }).windows),
    ).to.deep.equal([7000, 14_000]);
  });

  it("count a sample that comes again once, also in other words", () => {
    const twice = windowsOf([at(1, { speed: 10 }), at(1, { speed: 20 }), at(1, { car: "car-2" })], length);
    expect(twice.duplicates).to.equal(1);
    expect(twice.windows.map(({ count, speed_max: most }) => [count, most])).to.deep.equal([
      [1, 10],
      [1, 60],
    ]);
  });

  it("close when a sample comes whose time is the allowed lateness after their end, of whichever car", () => {
    const before = windowsOf([at(0), at(14_999, { car: "car-2" }), at(9000)], length);
    expect([before.late, before.windows[0]?.count]).to.deep.equal([0, 2]);
    const after = windowsOf([at(0), at(15_000, { car: "car-2" }), at(9000), at(10_000)], length);
    expect([after.late, after.windows[0]?.count]).to.deep.equal([1, 1]);
    expect(startsOf(after.windows)).to.deep.equal([0, 10_000, 10_000]);
  });

  it("are the same in whichever order samples come, while none is late", () => {
    fc.assert(
      fc.property(samples, fc.infiniteStream(fc.nat()), (list, keys) => {
        const shuffled = list
          .map((one) => ({ one, key: keys.next().value as number }))
          .sort((left, right) => left.key - right.key)
          .map(({ one }) => one);
        expect(windowsOf(shuffled, patient)).to.deep.equal(windowsOf(list, patient));
      }),
    );
  });

  it("are the same when any samples come again, while none is late", () => {
    fc.assert(
      fc.property(samples, fc.array(fc.nat(), { maxLength: 20 }), (list, again) => {
        const repeated = again.map((index) => list[index % list.length] as WindowSample);
        const both = windowsOf([...list, ...repeated], patient);
        expect(both.windows).to.deep.equal(windowsOf(list, patient).windows);
        expect(both.duplicates).to.equal(repeated.length);
      }),
    );
  });

  it("have each sample exactly once, or count it as late or as a duplicate", () => {
    fc.assert(
      fc.property(samples, (list) => {
        const { windows, late, duplicates } = windowsOf([...list, ...list], length);
        const counted = windows.reduce((sum, { count }) => sum + count, 0);
        expect(counted + late + duplicates).to.equal(2 * list.length);
      }),
    );
  });

  it("have a mean between the least and the greatest", () => {
    fc.assert(
      fc.property(samples, (list) => {
        for (const window of windowsOf(list, patient).windows) {
          expect(window.speed_mean).to.be.within(window.speed_min, window.speed_max);
        }
      }),
    );
  });
});

describe("the table of cases that engines are held to", () => {
  it("is what the definition says", () => {
    const { length: given, base, batches, windows, late, duplicates } = cases;
    const samples = batches.flat().map((one): WindowSample => ({ ...base, ...one, ts: Date.parse(one.ts) }));
    const summed = windowsOf(samples, given);
    expect({ late: summed.late, duplicates: summed.duplicates }).to.deep.equal({ late, duplicates });
    const newest = Math.max(...samples.map(({ ts }) => ts));
    const isClosed = ({ start }: RaceWindow): boolean =>
      start + given.windowSeconds * 1000 <= newest - given.latenessSeconds * 1000;
    expect(windows.map((window) => ({ ...window, start: Date.parse(window.start) }))).to.deep.equal(
      summed.windows.filter(isClosed),
    );
  });
});

describe("what differs between rows and the race's windows", () => {
  const { windows: right } = windowsOf([at(0), at(10_000), at(10_001, { car: "car-2" })], length);
  const [first, ...rest] = right as [RaceWindow, ...RaceWindow[]];

  it("is nothing where they are equal, in any order", () => {
    expect(windowsDifference(right.toReversed(), right)).to.equal(undefined);
  });

  it("is said of the first thing that is wrong", () => {
    expect(windowsDifference(rest, right)).to.equal(
      "2 of 3 windows; that of car-1, 1970-01-01T00:00:00.000Z is missing",
    );
    expect(windowsDifference([...right, first], right)).to.equal("4 windows where 3 are different: duplicates");
    expect(windowsDifference([...right, { ...first, start: 20_000 }], right)).to.equal(
      "a window of car-1, 1970-01-01T00:00:20.000Z, in which no sample was sent",
    );
    expect(windowsDifference([{ ...first, speed_mean: 60.000001 }, ...rest], right)).to.equal(
      "the window of car-1, 1970-01-01T00:00:00.000Z with speed_mean 60.000001, right is 60",
    );
  });
});
