/** What each car does now, and its laps since the server started: made from samples as they come. */
import type { Sample } from "../../components/race-car/programs/sample.ts";
import type { CarNow } from "../protocol.ts";

/** Cars that are shown; of more, the one that was quiet longest goes. */
const MOST_CARS = 200;
/** A car that was quiet so long is not there any more, in ms. */
const QUIET_MS = 60_000;
const SECTORS = 3;

interface Entry {
  now: CarNow;
  /** When its newest sample came. */
  at: number;
  /** Time of the lap at which its sector began; `undefined` where that was not seen. */
  sectorBegan: number | undefined;
  hasNews: boolean;
}

export class RaceBoard {
  readonly #entries = new Map<string, Entry>();

  /** @param at When it came, in ms since 1970. */
  take(sample: Sample, at: number): void {
    const before = this.#entries.get(sample.car);
    const ts = Date.parse(sample.ts);
    // What comes again or late says nothing of now. A client that begins anew counts from 1, in a later time.
    if (before !== undefined && ts <= before.now.ts) return;
    const { times, began } = sectorTimes(before, sample);
    const best = [before?.now.bestLapTime ?? null, sample.lastLapTime].filter((time) => time !== null);
    this.#entries.delete(sample.car);
    this.#entries.set(sample.car, {
      at,
      sectorBegan: began,
      hasNews: true,
      now: {
        ...picked(sample, ts),
        bestLapTime: best.length === 0 ? null : Math.min(...best),
        sectorTimes: times,
      },
    });
    if (this.#entries.size > MOST_CARS) this.#entries.delete(this.#entries.keys().next().value ?? "");
  }

  /** Cars of which something has come since the last time. */
  news(): CarNow[] {
    const fresh = [...this.#entries.values()].filter(({ hasNews }) => hasNews);
    for (const entry of fresh) entry.hasNews = false;
    return fresh.map(({ now }) => now);
  }

  /** All cars of the last minute. */
  all(at: number): CarNow[] {
    for (const [car, entry] of this.#entries) if (at - entry.at > QUIET_MS) this.#entries.delete(car);
    return [...this.#entries.values()].map(({ now }) => now);
  }
}

function picked(sample: Sample, ts: number): Omit<CarNow, "bestLapTime" | "sectorTimes"> {
  const { car, x, y, lap, sector, distance, speed, rpm, gear, throttle, brake, steering, battery } = sample;
  const { engineTemp, lapTime, lastLapTime } = sample;
  return {
    ...{ car, ts, x, y, lap, sector, distance, speed, rpm, gear, throttle, brake, steering, battery },
    engineTemp,
    tyreTemp: [sample.tyreTempFl, sample.tyreTempFr, sample.tyreTempRl, sample.tyreTempRr],
    tyreWear: [sample.tyreWearFl, sample.tyreWearFr, sample.tyreWearRl, sample.tyreWearRr],
    lapTime,
    lastLapTime,
  };
}

/** A sector ends where the next one begins: its time is the lap's then, without what came before it. */
function sectorTimes(before: Entry | undefined, { lap, sector, lapTime, lastLapTime }: Sample) {
  const none = Array.from({ length: SECTORS }, (): number | null => null);
  if (before === undefined) return { times: none, began: lap === 1 && sector === 1 ? 0 : undefined };
  const { now, sectorBegan } = before;
  const times = [...now.sectorTimes];
  if (lap === now.lap && sector === now.sector) return { times, began: sectorBegan };
  const isNextLap = lap === now.lap + 1 && sector === 1 && now.sector === SECTORS;
  const isNextSector = lap === now.lap && sector === now.sector + 1;
  if (!isNextLap && !isNextSector) return { times: none, began: undefined };
  const ended = isNextLap ? lastLapTime : lapTime;
  if (sectorBegan !== undefined && ended !== null)
    times[now.sector - 1] = Math.round((ended - sectorBegan) * 1000) / 1000;
  return { times, began: isNextLap ? 0 : lapTime };
}
