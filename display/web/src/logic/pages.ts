/** The pages: what each shows, and which way its figures have come. */
import { type PageRoute, partsOf, type Sink, type Stream } from "../../../protocol.ts";

/** What a page draws, and from where. */
export type PageKind =
  | { readonly kind: "home" }
  | { readonly kind: "live"; readonly stream: Stream }
  | { readonly kind: "census"; readonly sink: Sink }
  | { readonly kind: "windows"; readonly sink: Sink; readonly stream: Stream }
  | { readonly kind: "race" }
  | { readonly kind: "network" };

export type PageInfo = PageKind & {
  readonly route: PageRoute;
  /** Heading of the page; also the title of the browser's window. */
  readonly title: string;
  /** In the menu, below the heading of its group. */
  readonly menu: string;
  /** What is to be seen, in one sentence. */
  readonly shows: string;
  /** Stations of the data, from where it is made to this page. */
  readonly path: readonly string[];
};

/** Pages that belong together in the menu. */
export interface PageGroup {
  readonly name: string;
  readonly pages: readonly PageInfo[];
}

const streamNames: Readonly<Record<Stream, string>> = {
  "random-numbers": "random numbers",
  monitoring: "monitoring",
};
const topics: Readonly<Record<Stream, string>> = { "random-numbers": "random-numbers", monitoring: "telemetry" };
const makers: Readonly<Record<Stream, string>> = {
  "random-numbers": "random-number pumps",
  monitoring: "vmstat and iostat of each node",
};
/** How the pages call a sink. */
export const sinkNames: Readonly<Record<Sink, string>> = { disk: "the lake", cassandra: "Cassandra" };
const readers: Readonly<Record<Sink, readonly string[]>> = {
  disk: ["lake (Iceberg)", "Presto"],
  cassandra: ["Cassandra"],
};
const stores: Readonly<Record<Sink, string>> = {
  disk: "the lake's tables on disk, read by Presto",
  cassandra: "Cassandra",
};

function livePage(stream: Stream): PageInfo {
  return {
    kind: "live",
    stream,
    route: `/socket.io/${stream}`,
    title: `Live ${streamNames[stream]}`,
    menu: streamNames[stream],
    shows: `Each record of the stream as it arrives, straight from Kafka: the last minute, moving.`,
    path: [makers[stream], `Kafka topic ${topics[stream]}`, "Socket.IO", "this page"],
  };
}

function censusPage(sink: Sink): PageInfo {
  return {
    kind: "census",
    sink,
    route: `/spark/${sink}/census-data`,
    title: `Census figures from ${sinkNames[sink]}`,
    menu: `from ${sinkNames[sink]}`,
    shows: `Mean and standard deviation of age, hours of work and income by group of people, from ${stores[sink]}.`,
    path: ["census file in S3", "Spark batch census", ...readers[sink], "this page"],
  };
}

function windowsPage(sink: Sink, stream: Stream): PageInfo {
  return {
    kind: "windows",
    sink,
    stream,
    route: `/spark-streaming/${sink}/${stream}`,
    title: `Windows of ${streamNames[stream]} from ${sinkNames[sink]}`,
    menu: `${streamNames[stream]} from ${sinkNames[sink]}`,
    shows: `Mean, standard deviation and count of the stream in windows of time, from ${stores[sink]}.`,
    path: [makers[stream], `Kafka topic ${topics[stream]}`, "Spark stream windows", ...readers[sink], "this page"],
  };
}

const racePage: PageInfo = {
  kind: "race",
  route: "/race",
  title: "Race",
  menu: "cars on the track",
  shows: "The cars as they drive, each with its gauges and laps, and the figures of its windows by each engine.",
  path: ["race cars", "ingest", "Kafka topic race", "Socket.IO", "this page"],
};

const networkPage: PageInfo = {
  kind: "network",
  route: "/network",
  title: "Network",
  menu: "who connects to whom",
  shows:
    "Each line is an address that a service was handed by the wiring of the platform: from whom, to whom, and why.",
  path: ["wiring of the program", "this page"],
};

export const home: PageInfo = {
  kind: "home",
  route: "/",
  title: "Millrace",
  menu: "Overview",
  shows: "What the other pages show, and the way of the data to each.",
  path: ["this page"],
};

/** All pages but the first, in the order of the menu. */
export const pageGroups: readonly PageGroup[] = [
  { name: "Live from Kafka", pages: [livePage("monitoring"), livePage("random-numbers")] },
  { name: "Census", pages: [censusPage("disk"), censusPage("cassandra")] },
  {
    name: "Windows of the streams",
    pages: [
      windowsPage("disk", "random-numbers"),
      windowsPage("disk", "monitoring"),
      windowsPage("cassandra", "random-numbers"),
      windowsPage("cassandra", "monitoring"),
    ],
  },
  { name: "Race", pages: [racePage] },
  { name: "Platform", pages: [networkPage] },
];

/** Groups of the menu, without pages that have nothing to show. @param parts Those that the server has. */
export function groupsWith(parts: readonly string[]): readonly PageGroup[] {
  return pageGroups
    .map(({ name, pages: all }) => ({
      name,
      pages: all.filter(({ route }) => partsOf(route).every((part) => parts.includes(part))),
    }))
    .filter(({ pages: some }) => some.length > 0);
}

/** Every page, in the order of `pageRoutes`. */
export const pages: readonly PageInfo[] = [home, ...pageGroups.flatMap((group) => group.pages)];
