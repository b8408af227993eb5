/** Closed tracks that cars drive on, as geometry: positions by the distance from the finish line. */

export const trackNames = ["mill", "oval"] as const;
export type TrackName = (typeof trackNames)[number];

/** Sectors of a lap, all of the same length. */
export const sectorCount = 3;

export interface Point {
  /** Metres to the east of the track's origin. */
  readonly x: number;
  /** Metres to the north of it. */
  readonly y: number;
}

export interface Place extends Point {
  /** Direction of travel, in radians from the east. */
  readonly heading: number;
  /** Of the line, in 1/m: above 0 it bends to the left. */
  readonly curvature: number;
}

export interface Track {
  readonly name: TrackName;
  /** Of a lap, in metres. */
  readonly length: number;
  /** Places at equal distances, the first at the finish line. */
  readonly places: readonly Place[];
}

/** Distance of the places, about, in metres. */
const SPACING = 2;
/** Parts that a stretch between two corners is cut into to be measured. */
const PARTS = 200;

/** What the line goes through, in metres: the first is the finish line. */
const corners: Readonly<Record<TrackName, readonly (readonly [x: number, y: number])[]>> = {
  mill: [
    [0, 0],
    [190, -14],
    [380, -10],
    [520, 60],
    [560, 190],
    [470, 280],
    [350, 270],
    [290, 350],
    [350, 460],
    [290, 570],
    [130, 570],
    [10, 490],
    [20, 360],
    [-50, 250],
    [-170, 180],
    [-190, 60],
    [-110, 6],
  ],
  oval: [
    [0, 0],
    [150, 0],
    [300, 0],
    [430, 55],
    [480, 180],
    [430, 305],
    [300, 360],
    [150, 360],
    [0, 360],
    [-150, 360],
    [-280, 305],
    [-330, 180],
    [-280, 55],
    [-150, 0],
  ],
};

const made = new Map<TrackName, Track>();

/** A track, made once. */
export function trackOf(name: TrackName): Track {
  const track = made.get(name) ?? makeTrack(name);
  made.set(name, track);
  return track;
}

/** Where one is at a distance from the finish line, in metres; a lap further is the same place. */
export function placeAt({ places, length }: Track, distance: number): Place {
  const at = ((((distance % length) + length) % length) / length) * places.length;
  const index = Math.floor(at) % places.length;
  const [from, to] = [places[index], places[(index + 1) % places.length]];
  if (from === undefined || to === undefined) throw new Error(`the track has no place at ${distance} m`);
  const share = at - Math.floor(at);
  const turn = Math.atan2(Math.sin(to.heading - from.heading), Math.cos(to.heading - from.heading));
  return {
    x: from.x + (to.x - from.x) * share,
    y: from.y + (to.y - from.y) * share,
    heading: from.heading + turn * share,
    curvature: from.curvature + (to.curvature - from.curvature) * share,
  };
}

/** A place beside the line: metres to its left. */
export function besideOf({ x, y, heading }: Place, left: number): Point {
  return { x: x - Math.sin(heading) * left, y: y + Math.cos(heading) * left };
}

/** Sector of a distance from the finish line, from 1 on. */
export function sectorAt({ length }: Track, distance: number): number {
  return Math.min(sectorCount, Math.floor((distance / length) * sectorCount) + 1);
}

function makeTrack(name: TrackName): Track {
  const fine = corners[name].flatMap((_, index, all) =>
    Array.from({ length: PARTS }, (__, part) => splinePoint(all, index, part / PARTS)),
  );
  const lengths = fine.map((point, index) => distanceOf(point, fine[(index + 1) % fine.length] ?? point));
  const length = lengths.reduce((sum, one) => sum + one, 0);
  const count = Math.round(length / SPACING);
  const points: Point[] = [];
  let walked = 0;
  for (const [index, point] of fine.entries()) {
    const next = fine[(index + 1) % fine.length] ?? point;
    const step = lengths[index] ?? 0;
    for (; points.length < count && (points.length * length) / count < walked + step;) {
      const share = ((points.length * length) / count - walked) / step;
      points.push({ x: point.x + (next.x - point.x) * share, y: point.y + (next.y - point.y) * share });
    }
    walked += step;
  }
  return { name, length, places: points.map((point, index) => placeOf(point, points, index, length / count)) };
}

/** Catmull and Rom's curve: it goes through all corners, and bends evenly. */
function splinePoint(all: readonly (readonly [number, number])[], index: number, share: number): Point {
  const [a = [0, 0], b = [0, 0], c = [0, 0], d = [0, 0]] = [-1, 0, 1, 2].map(
    (step) => all[(index + step + all.length) % all.length],
  );
  const along = (axis: 0 | 1): number => {
    const [p, q, r, s] = [a[axis], b[axis], c[axis], d[axis]];
    const [one, two, three] = [share, share ** 2, share ** 3];
    return (2 * q + (r - p) * one + (2 * p - 5 * q + 4 * r - s) * two + (3 * q - p - 3 * r + s) * three) / 2;
  };
  return { x: along(0), y: along(1) };
}

function placeOf(point: Point, all: readonly Point[], index: number, spacing: number): Place {
  const near = (step: number): Point => all[(index + step + all.length) % all.length] ?? point;
  const direction = (from: Point, to: Point): number => Math.atan2(to.y - from.y, to.x - from.x);
  // Over twenty metres, so that no corner of the drawing is one of the road.
  const reach = 5;
  const turn = direction(point, near(reach)) - direction(near(-reach), point);
  return {
    ...point,
    heading: direction(near(-1), near(1)),
    curvature: Math.atan2(Math.sin(turn), Math.cos(turn)) / (reach * spacing),
  };
}

function distanceOf(from: Point, to: Point): number {
  return Math.hypot(to.x - from.x, to.y - from.y);
}
