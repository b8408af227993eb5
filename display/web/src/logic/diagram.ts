/** Geometry of the small diagram of the pipeline: from left to right in a wide window, from top to bottom in a narrow one. */
import type { Box } from "./time-chart.ts";

interface Station {
  readonly id: string;
  /** Two short lines: what it is, what is in it. */
  readonly words: readonly [string, string];
  /** How far along the way it is, from 0. */
  readonly level: number;
  /** Lanes beside each other that it takes, from 0. */
  readonly lanes: readonly [first: number, last: number];
}

const LEVELS = 5;
const LANES = 3;

const stations: readonly Station[] = [
  { id: "pumps", words: ["Pumps", "numbers"], level: 0, lanes: [0, 0] },
  { id: "nodes", words: ["Nodes", "monitoring"], level: 0, lanes: [1, 1] },
  { id: "file", words: ["S3", "census file"], level: 0, lanes: [2, 2] },
  { id: "kafka", words: ["Kafka", "two topics"], level: 1, lanes: [0, 1] },
  { id: "windows", words: ["Spark", "windows"], level: 2, lanes: [1, 1] },
  { id: "census", words: ["Spark", "census"], level: 2, lanes: [2, 2] },
  { id: "cassandra", words: ["Cassandra", "its tables"], level: 3, lanes: [1, 1] },
  { id: "lake", words: ["Lake", "with Presto"], level: 3, lanes: [2, 2] },
  { id: "display", words: ["Display", "these pages"], level: 4, lanes: [0, 2] },
];

/** Which station sends to which; a wide one is left or entered at the lane of the other. */
const ways: readonly (readonly [from: string, to: string, lane?: number])[] = [
  ["pumps", "kafka"],
  ["nodes", "kafka"],
  ["file", "census"],
  ["kafka", "display", 0],
  ["kafka", "windows"],
  ["windows", "cassandra"],
  ["windows", "lake"],
  ["census", "cassandra"],
  ["census", "lake"],
  ["cassandra", "display"],
  ["lake", "display"],
];

export interface Diagram {
  readonly width: number;
  readonly height: number;
  readonly stations: readonly { readonly box: Box; readonly words: readonly [string, string] }[];
  readonly ways: readonly string[];
}

export const diagramSummary =
  "The pipeline: pumps and the nodes' measurements go to Kafka, and from there straight to the display, and through the Spark " +
  "stream windows to Cassandra and to the lake. The census file goes from S3 through the Spark batch census to both as well. " +
  "The display reads Cassandra, and the lake through Presto.";

/** Where everything is in a diagram of this width (px). */
export function drawDiagram(width: number): Diagram {
  const isWide = width >= 640;
  // Along the way and across it; the narrow diagram is the wide one turned.
  const along = isWide ? { size: width / LEVELS, box: width / LEVELS - 32 } : { size: 86, box: 52 };
  const across = isWide ? { size: 78, box: 54 } : { size: width / LANES, box: width / LANES - 10 };
  const boxOf = ({ level, lanes: [first, last] }: Station): Box => {
    const [a, b] = [
      level * along.size + (along.size - along.box) / 2,
      first * across.size + (across.size - across.box) / 2,
    ];
    const length = (last - first) * across.size + across.box;
    return isWide ? { x: a, y: b, width: along.box, height: length } : { x: b, y: a, width: length, height: along.box };
  };
  const laneMiddle = (lane: number): number => (lane + 0.5) * across.size;
  const path = ([fromId, toId, lane]: (typeof ways)[number]): string => {
    const [from, to] = [stationOf(fromId), stationOf(toId)];
    const leave = lane ?? clamp(to.lanes[0], from.lanes);
    const enter = lane ?? clamp(from.lanes[0], to.lanes);
    const begin = from.level * along.size + (along.size + along.box) / 2;
    const end = to.level * along.size + (along.size - along.box) / 2 - 5;
    const [b0, b1] = [laneMiddle(leave), laneMiddle(enter)];
    const bend = (begin + end) / 2;
    const at = (a: number, b: number): string => (isWide ? `${round(a)} ${round(b)}` : `${round(b)} ${round(a)}`);
    return leave === enter
      ? `M${at(begin, b0)}L${at(end, b1)}`
      : `M${at(begin, b0)}C${at(bend, b0)} ${at(bend, b1)} ${at(end, b1)}`;
  };
  return {
    width,
    height: isWide ? LANES * across.size : LEVELS * along.size,
    stations: stations.map((station) => ({ box: boxOf(station), words: station.words })),
    ways: ways.map(path),
  };
}

function stationOf(id: string): Station {
  const found = stations.find((station) => station.id === id);
  if (found === undefined) throw new Error(`the diagram has no station "${id}"`);
  return found;
}

/** The nearest of the lanes that a station takes. */
function clamp(lane: number, [first, last]: readonly [number, number]): number {
  return Math.min(last, Math.max(first, lane));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
