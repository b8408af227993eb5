/** The server in one piece: pages, answers and live connections at one port. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { trackOf, type TrackName } from "../../components/race-car/programs/track.ts";
import { type PagePart, pageParts, type Sink, sinks } from "../protocol.ts";
import type { Figures } from "./api.ts";
import { makeApp } from "./app.ts";
import { Backend } from "./backend.ts";
import { cached } from "./cache.ts";
import { answerCensus } from "./census.ts";
import type { FigureSource } from "./figure-source.ts";
import { Live, type LiveOptions } from "./live.ts";
import { RaceLive } from "./race-live.ts";
import { trackAnswer } from "./race-track.ts";
import { answerRaceWindows, type RaceWindowsSource } from "./race-windows.ts";
import { answerWindows } from "./windows.ts";

/** Connections of all kinds; each page has one live connection, and some that come and go. */
const MAX_CONNECTIONS = 1500;

export interface SinkOptions {
  /** In the user's words, for messages. */
  readonly name: string;
  readonly source: FigureSource;
  /** Time for which an answer is kept, in ms. */
  readonly keepMs: number;
  /** Most time that an answer may take, in ms. @default 8000 */
  readonly timeoutMs?: number;
}

export interface ServerOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly webDir: string;
  /** In seconds. */
  readonly windowSeconds: number;
  readonly sinks: Readonly<Record<Sink, SinkOptions>>;
  readonly live?: LiveOptions;
  /** What its pages can show. @default - all */
  readonly parts?: readonly PagePart[];
  /** @default "mill" */
  readonly track?: TrackName;
  readonly raceWindows: RaceWindowsSource;
  /** Folder with what is known of the network. @default - nothing is */
  readonly networkDir?: string;
  readonly log: (line: string) => void;
}

export interface DisplayServer {
  readonly port: number;
  /** Takes records, and the news of Kafka. */
  readonly live: Live;
  readonly race: RaceLive;
  stop(): Promise<void>;
}

/** @throws {Error} when there are no pages, or the port is taken */
export async function startServer(options: ServerOptions): Promise<DisplayServer> {
  const { port, webDir, windowSeconds, log } = options;
  const backends = bySink((sink) => {
    const { name, timeoutMs } = options.sinks[sink];
    return new Backend({ name, log, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  });
  const figures = bySink((sink) => figuresOf(sink, options.sinks[sink], backends[sink], windowSeconds));
  const { cassandra } = backends;
  const started = Date.now();
  const app = makeApp({
    webDir,
    parts: options.parts ?? pageParts,
    figures,
    race: {
      track: trackAnswer(trackOf(options.track ?? "mill")),
      windows: cached((question) => cassandra.ask(() => answerRaceWindows(question, { source: options.raceWindows })), {
        keepMs: options.sinks.cassandra.keepMs,
      }),
    },
    networkDir: options.networkDir,
    log,
    health: () => ({
      uptimeSeconds: Math.round((Date.now() - started) / 1000),
      rssBytes: process.memoryUsage.rss(),
      live: live.figures,
      race: race.figures,
    }),
    backends: () => ({ backends: sinks.map((sink) => backends[sink].state), kafka: live.state }),
  });
  // Socket.IO takes its own requests away from whoever listens already.
  const server = createServer(app);
  server.maxConnections = MAX_CONNECTIONS;
  const live = new Live(server, options.live);
  const race = new RaceLive(live.io, options.live);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    live,
    race,
    async stop() {
      race.stop();
      const closed = live.stop();
      server.closeIdleConnections();
      await closed;
    },
  };
}

function figuresOf(sink: Sink, { source, keepMs }: SinkOptions, backend: Backend, windowSeconds: number): Figures {
  const seriesOf = cached(
    ({ stream, since }: { readonly stream: Parameters<FigureSource["series"]>[0]; readonly since: number }) =>
      source.series(stream, since),
    { keepMs },
  );
  return {
    windows: cached(
      (question) => backend.ask(() => answerWindows(question, { sink, source, windowSeconds, seriesOf })),
      { keepMs },
    ),
    census: cached((question) => backend.ask(() => answerCensus(question, { sink, source })), { keepMs }),
  };
}

function bySink<T>(make: (sink: Sink) => T): Readonly<Record<Sink, T>> {
  return { disk: make("disk"), cassandra: make("cassandra") };
}
