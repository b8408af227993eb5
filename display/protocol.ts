/** What the display's server and its pages say to each other, over HTTP and over Socket.IO. */

/** Where figures of Spark are read from: the lake's tables, through Presto, or Cassandra. */
export const sinks = ["disk", "cassandra"] as const;
export type Sink = (typeof sinks)[number];

/** What is streamed. */
export const streams = ["random-numbers", "monitoring"] as const;
export type Stream = (typeof streams)[number];

/** The pages, in the order of the menu; the first lists the others. */
export const pageRoutes = [
  "/",
  "/socket.io/monitoring",
  "/socket.io/random-numbers",
  "/spark/disk/census-data",
  "/spark/cassandra/census-data",
  "/spark-streaming/disk/random-numbers",
  "/spark-streaming/disk/monitoring",
  "/spark-streaming/cassandra/random-numbers",
  "/spark-streaming/cassandra/monitoring",
  "/race",
  "/network",
] as const;
export type PageRoute = (typeof pageRoutes)[number];

/** What some pages show and others do not; where a part is not there, its pages are not in the menu. */
export const pageParts = ["random-numbers", "windows", "census", "race", "network"] as const;
export type PagePart = (typeof pageParts)[number];
/** Name of the document's `meta` element with the parts that are there, separated by blanks. */
export const partsMeta = "millrace-parts";

/** The parts without which a page stays empty. */
export function partsOf(route: PageRoute): readonly PagePart[] {
  if (route === "/race") return ["race"];
  if (route === "/network") return ["network"];
  return [
    ...(route.endsWith("/random-numbers") ? (["random-numbers"] as const) : []),
    ...(route.startsWith("/spark-streaming/") ? (["windows"] as const) : []),
    ...(route.startsWith("/spark/") ? (["census"] as const) : []),
  ];
}

/** How people are grouped; each grouping has its members, `all` has one. */
export const censusGroupings = ["all", "region", "sex", "education", "occupation"] as const;

/** Numeric columns of people: years, hours a week, euros a year. */
export const censusMeasures = ["age", "hours_per_week", "income"] as const;

/** Minutes of windows that are shown when a page does not say how many. */
export const defaultMinutes = 15;
/** Most minutes of windows that can be asked for, also how long a series is offered after its last record. */
export const longestMinutes = 360;
/** Longest time that the server waits for Presto or Cassandra, in ms: Presto on a busy small node, or two statements. */
export const longestAnswerMs = 25_000;
/** Longest time that a page waits for the server, in ms: so that what it hears of a slow one are the server's words. */
export const longestPollMs = longestAnswerMs + 5_000;
/** Most UTF-16 units of the name of a series, a metric or a run: a record's has up to 256 characters of one or two each. */
export const longestName = 512;

/** Figures of one numeric column of one group of people. */
export interface CensusFigure {
  /** `all`, `region`, `sex`, `education`, `occupation`. */
  readonly grouping: string;
  /** Of the grouping, such as `north`; `all` of `all`. */
  readonly member: string;
  /** `age` (years), `hours_per_week` (hours), `income` (euros a year). */
  readonly measure: string;
  readonly count: number;
  readonly mean: number;
  /** Of the sample; `null` for one person. */
  readonly deviation: number | null;
  readonly minimum: number;
  readonly maximum: number;
}

/** `GET /api/spark/<sink>/census-data?run=<run>` */
export interface CensusAnswer {
  readonly sink: Sink;
  readonly run: string;
  /** Runs that can be asked for, the newest first. */
  readonly runs: readonly string[];
  /** Empty when the batch has not written anything yet. */
  readonly figures: readonly CensusFigure[];
  /** When the batch made them, ISO 8601 in UTC; `null` without figures. */
  readonly madeAt: string | null;
  /** When the server read them, ISO 8601 in UTC. */
  readonly readAt: string;
}

/** Figures of the records of one window. */
export interface WindowFigures {
  /** Begin of the window, ISO 8601 in UTC. */
  readonly start: string;
  readonly count: number;
  readonly mean: number;
  /** Of the sample; `null` for one record. */
  readonly deviation: number | null;
  readonly minimum: number;
  readonly maximum: number;
}

/** What belongs together in one chart: the run of marked records, else the node that is monitored, or `pumps`. */
export interface Series {
  readonly series: string;
  readonly metrics: readonly string[];
}

/** `GET /api/spark-streaming/<sink>/<stream>?series=<series>&metric=<metric>&minutes=<1 to 360>` */
export interface WindowsAnswer {
  readonly sink: Sink;
  readonly stream: Stream;
  /** The series and metric that are shown: those that were asked for, else the first there is; `null` when there is none. */
  readonly series: string | null;
  readonly metric: string | null;
  readonly available: readonly Series[];
  readonly windowSeconds: number;
  /** In order of time; the last one may still grow. */
  readonly windows: readonly WindowFigures[];
  /** Time of the newest record in the windows, ISO 8601 in UTC. */
  readonly lastRecordAt: string | null;
  /** When the server read them, ISO 8601 in UTC. */
  readonly readAt: string;
}

/** A track as it is drawn: `GET /api/race/track`. */
export interface TrackAnswer {
  readonly name: string;
  /** Metres of a lap. */
  readonly length: number;
  /** Places along it, metres to the east and to the north; the first is the finish line, and follows the last. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Index of the first point of each sector. */
  readonly sectors: readonly number[];
}

/** What a car does now, and what it has done: of its newest sample, and of those since the server started. */
export interface CarNow {
  readonly car: string;
  /** Time of the newest sample, ms since 1970. */
  readonly ts: number;
  readonly x: number;
  readonly y: number;
  readonly lap: number;
  readonly sector: number;
  /** Metres. */
  readonly distance: number;
  /** m/s */
  readonly speed: number;
  readonly rpm: number;
  readonly gear: number;
  /** 0 to 1. */
  readonly throttle: number;
  readonly brake: number;
  /** -1 (left) to 1. */
  readonly steering: number;
  readonly battery: number;
  /** °C */
  readonly engineTemp: number;
  /** Front left, front right, rear left, rear right, °C. */
  readonly tyreTemp: readonly number[];
  /** The same, 0 to 1. */
  readonly tyreWear: readonly number[];
  /** Seconds. */
  readonly lapTime: number;
  readonly lastLapTime: number | null;
  readonly bestLapTime: number | null;
  /** Seconds in each sector, of this lap where it has been driven, else of the lap before; `null`: of none. */
  readonly sectorTimes: readonly (number | null)[];
}

/** Server to page, event `cars` of namespace `/race`: those that have sent something since the batch before. */
export interface RaceBatch {
  /** When the server sent it, ms since 1970. */
  readonly at: number;
  readonly cars: readonly CarNow[];
  /** Records that are no samples since the batch before. */
  readonly unreadable: number;
}

/** Namespace of the cars. */
export const raceNamespace = "/race";
export interface RaceEvents {
  /** All cars of the last minute, once after the connection; then, ten times a second, those that have moved. */
  cars: (batch: RaceBatch) => void;
  state: (state: LiveState) => void;
}

/** Who computes figures of windows of the race. */
export const engines = ["flink", "spark"] as const;
export type Engine = (typeof engines)[number];

/** Figures of one car in one window of time; what an engine does not say is `null`. */
export interface RaceWindow {
  /** Begin of the window, ISO 8601 in UTC. */
  readonly start: string;
  readonly windowSeconds: number;
  readonly count: number;
  readonly speedMean: number | null;
  readonly speedMin: number | null;
  readonly speedMax: number | null;
  readonly batteryMin: number | null;
  readonly engineTempMax: number | null;
  readonly tyreTempMax: number | null;
  readonly distanceMax: number | null;
  readonly lapMax: number | null;
}

/** `GET /api/race/windows?car=<car>&minutes=<1 to 360>`: the same windows by each engine. */
export interface RaceWindowsAnswer {
  readonly car: string;
  /** The newest first. */
  readonly windows: Readonly<Record<Engine, readonly RaceWindow[]>>;
  /** When the server read them, ISO 8601 in UTC. */
  readonly readAt: string;
}

/** Answer to what can't be answered: 400, 404 or 503. */
export interface ErrorAnswer {
  /** What is wrong, the value received, what is allowed, the way out. */
  readonly error: string;
}

/** Path of Socket.IO on the server; each stream is a namespace, `/random-numbers` and `/monitoring`. */
export const livePath = "/live";

/** Records of one series and metric since the batch before. */
export interface LivePoints {
  readonly series: string;
  readonly metric: string;
  /** How many records there were; more than `points` when they were thinned out. */
  readonly count: number;
  /** Time of the record (ms since 1970) and its value, in order of arrival. */
  readonly points: readonly (readonly [ts: number, value: number])[];
}

/** Server to page, event `batch`, about ten times a second while there are records. */
export interface LiveBatch {
  /** When the server sent it, ms since 1970. */
  readonly at: number;
  readonly series: readonly LivePoints[];
  /** Records that could not be read since the batch before. */
  readonly unreadable: number;
}

/** Server to page, event `state`, when a page connects and when it changes. */
export interface LiveState {
  /** Whether Kafka answers the server. */
  readonly kafka: "connected" | "unreachable";
  /** In plain words; `null` while all is well. */
  readonly problem: string | null;
}

/** Events of a namespace, from the server to the page. */
export interface ServerEvents {
  /** What was sent in the last seconds, once after the connection and after each `watch`. */
  history: (batch: LiveBatch) => void;
  batch: (batch: LiveBatch) => void;
  state: (state: LiveState) => void;
}

/** Events of a namespace, from the page to the server. */
export interface PageEvents {
  /** Which series to send: the name of one, or `null` for all that are not marked. Answers with what is wrong, or `null`. */
  watch: (series: string | null, answer: (problem: string | null) => void) => void;
}

/** Who may connect to whom, in words. */
export interface NetworkEdge {
  readonly from: string;
  readonly to: string;
  /** None: any. */
  readonly ports: readonly number[];
  readonly why: string;
}

/** `GET /api/network`; the same as a picture is at {@link networkPicturePath}. */
export interface NetworkAnswer {
  /** Whether the cluster is told to close all else. */
  readonly policies: boolean;
  readonly edges: readonly NetworkEdge[];
}
export const networkPicturePath = "/network.svg";
