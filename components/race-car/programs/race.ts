/** A race: cars on a track, and the sample of each at a steady rate. The same settings give the same race. */
import { type CarState, carAt, type Driver, longestStep, pointOf, rpmOf, step } from "./car.ts";
import { rounded, type Sample, sampleVersion } from "./sample.ts";
import { seeded, seedOf } from "./seeded.ts";
import { sectorAt, type Track, trackOf, type TrackName } from "./track.ts";

export interface RaceSettings {
  readonly cars: number;
  /** Samples of each car in a second. */
  readonly rate: number;
  readonly seed: number;
  readonly track: TrackName;
  /** Tells this race's samples from those of another one with the same cars: part of their ids. */
  readonly session: number;
}

/** Distance of two cars on the grid, in metres. */
const GRID = 9;

interface Entry {
  readonly car: string;
  readonly driver: Driver;
  state: CarState;
}

export class Race {
  readonly #track: Track;
  readonly #settings: RaceSettings;
  readonly #entries: readonly Entry[];
  #seq = 0;

  constructor(settings: RaceSettings) {
    this.#settings = settings;
    this.#track = trackOf(settings.track);
    this.#entries = Array.from({ length: settings.cars }, (_, index) => ({
      car: carName(index),
      driver: driverOf(settings.seed, index),
      state: carAt((settings.cars - index) * GRID),
    }));
  }

  /** Names of the cars. */
  get cars(): readonly string[] {
    return this.#entries.map(({ car }) => car);
  }

  /** The next sample of each car. @param atMs Its time, in ms since 1970. */
  next(atMs: number): Sample[] {
    const { rate, session } = this.#settings;
    const ts = new Date(Math.round(atMs)).toISOString();
    const seq = this.#seq++;
    const steps = Math.ceil(1 / rate / longestStep);
    return this.#entries.map((entry) => {
      for (let count = 0; seq > 0 && count < steps; count++) {
        entry.state = step(this.#track, entry.driver, entry.state, 1 / rate / steps);
      }
      return sampleAt(this.#track, entry, { id: sampleId(entry.car, session, seq), seq, ts });
    });
  }
}

/** `car-01` is the first. */
export function carName(index: number): string {
  return `car-${String(index + 1).padStart(2, "0")}`;
}

/** Id of a sample. */
export function sampleId(car: string, session: number, seq: number): string {
  return `${car}-${session.toString(16).padStart(8, "0")}-${String(seq).padStart(6, "0")}`;
}

/** Number of the session that begins at a time: its seconds since 1970. */
export function sessionAt(ms: number): number {
  return Math.floor(ms / 1000) >>> 0;
}

function driverOf(seed: number, index: number): Driver {
  const random = seeded(seedOf(seed, index));
  return { courage: 0.84 + 0.1 * random(), weave: 1 + 2.5 * random(), phase: 2 * Math.PI * random() };
}

function sampleAt(track: Track, { car, driver, state }: Entry, head: Pick<Sample, "id" | "seq" | "ts">): Sample {
  const { x, y } = pointOf(track, driver, state);
  const [tyreTempFl, tyreTempFr, tyreTempRl, tyreTempRr] = state.tyreTemp;
  const [tyreWearFl, tyreWearFr, tyreWearRl, tyreWearRr] = state.tyreWear;
  const sample: Sample = {
    v: sampleVersion,
    id: head.id,
    car,
    seq: head.seq,
    ts: head.ts,
    run: null,
    lap: state.lap,
    sector: sectorAt(track, state.position),
    distance: state.distance,
    x,
    y,
    speed: state.speed,
    rpm: rpmOf(state),
    gear: state.gear,
    throttle: state.throttle,
    brake: state.brake,
    steering: state.steering,
    battery: state.battery,
    engineTemp: state.engineTemp,
    ...{ tyreTempFl, tyreTempFr, tyreTempRl, tyreTempRr },
    ...{ tyreWearFl, tyreWearFr, tyreWearRl, tyreWearRr },
    lapTime: state.lapTime,
    lastLapTime: state.lastLapTime,
  };
  const values = Object.entries(sample).map(([name, value]) => [
    name,
    typeof value === "number" ? rounded(value) : value,
  ]);
  return Object.fromEntries(values) as Sample;
}
