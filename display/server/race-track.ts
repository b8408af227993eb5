/** The track as pages draw it. */
import { sectorAt, type Track } from "../../components/race-car/programs/track.ts";
import type { TrackAnswer } from "../protocol.ts";

/** Every so many places one is sent: a bend is round all the same. */
const STRIDE = 4;

export function trackAnswer(track: Track): TrackAnswer {
  const { name, length, places } = track;
  const kept = places.filter((_, index) => index % STRIDE === 0);
  const round = (metres: number): number => Math.round(metres * 10) / 10;
  const sectorOf = (index: number): number => sectorAt(track, (index * STRIDE * length) / places.length);
  return {
    name,
    length: round(length),
    points: kept.map(({ x, y }) => [round(x), round(y)] as const),
    sectors: kept.flatMap((_, index) => (index === 0 || sectorOf(index) !== sectorOf(index - 1) ? [index] : [])),
  };
}
