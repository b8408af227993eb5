/**
 * The live side: what comes from Kafka goes to all pages that show it, ten times a second. No page can make the server
 * keep anything for it: a batch that a slow connection can't take at once is left out for that connection, and counted.
 */
import type { Server as HttpServer } from "node:http";
import { type DefaultEventsMap, type Namespace, Server, type Socket } from "socket.io";
import {
  livePath,
  type LiveBatch,
  type LivePoints,
  type LiveState,
  longestName,
  type PageEvents,
  type ServerEvents,
  type Stream,
  streams,
} from "../protocol.ts";
import { securityHeaders } from "./headers.ts";
import { type Buffered, LiveBuffer } from "./live-buffer.ts";
import { LiveHistory } from "./live-history.ts";
import { isReadable, readLiveRecord } from "./live-record.ts";

const BATCH_MS = 100;
const MAX_CONNECTIONS = 500;
/** Longest message of a page, in bytes: all it sends is the name of a series. */
const MAX_MESSAGE_BYTES = 16_384;
/** Packets that may wait for a connection; only answers to its own questions can pile up. */
const MAX_WAITING = 8;
const ORDINARY = "ordinary";

interface PageData {
  /** `null`: all ordinary series. */
  watched: string | null;
}
type PageSocket = Socket<PageEvents, ServerEvents, DefaultEventsMap, PageData>;
type StreamNamespace = Namespace<PageEvents, ServerEvents, DefaultEventsMap, PageData>;

/** Figures for `/healthz`. */
export interface LiveFigures {
  readonly connections: number;
  readonly records: number;
  readonly unreadable: number;
  /** Batches that were made; each goes to many connections. */
  readonly batches: number;
  /** Batches that a connection was too slow for, of all connections together. */
  readonly missed: number;
}

export interface LiveOptions {
  /** @default 500 */
  readonly maxConnections?: number;
  /** @default Date.now */
  readonly now?: () => number;
}

type Message = Parameters<typeof readLiveRecord>[1];

export class Live {
  readonly #io: Server<PageEvents, ServerEvents, DefaultEventsMap, PageData>;
  readonly #buffers = byStream(() => new LiveBuffer());
  readonly #histories = byStream(() => new LiveHistory());
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #state: LiveState = { kafka: "unreachable", problem: "the server is not connected to Kafka yet" };
  #records = 0;
  #unreadable = 0;
  #batches = 0;
  #missed = 0;

  constructor(server: HttpServer, options: LiveOptions = {}) {
    const { maxConnections = MAX_CONNECTIONS, now = Date.now } = options;
    this.#now = now;
    this.#io = new Server(server, {
      path: livePath,
      serveClient: false,
      maxHttpBufferSize: MAX_MESSAGE_BYTES,
      connectTimeout: 10_000,
      perMessageDeflate: false,
      httpCompression: false,
      allowRequest: (request, answer) => {
        const { origin, host } = request.headers;
        if (this.#io.engine.clientsCount >= maxConnections) answer("too many connections", false);
        else answer(isForeign(origin, host) ? "only pages of this server may connect" : null, !isForeign(origin, host));
      },
    });
    this.#io.engine.on("headers", (headers: Record<string, string>) => Object.assign(headers, securityHeaders));
    this.#io.use((_socket, next) => {
      next(new Error(`nothing is sent here; connect to ${streams.map((stream) => `/${stream}`).join(" or ")}`));
    });
    for (const stream of streams) {
      this.#namespace(stream).on("connection", (socket) => {
        this.#welcome(stream, socket);
      });
    }
    this.#timer = setInterval(() => {
      this.flush();
    }, BATCH_MS).unref();
  }

  /** For other namespaces at the same path. */
  get io(): Server {
    return this.#io;
  }

  get figures(): LiveFigures {
    const connections = this.#io.engine.clientsCount;
    const [records, unreadable, batches, missed] = [this.#records, this.#unreadable, this.#batches, this.#missed];
    return { connections, records, unreadable, batches, missed };
  }

  get state(): LiveState {
    return this.#state;
  }

  /** Packets that wait for all connections together. */
  get waiting(): number {
    const sockets = streams.flatMap((stream) => [...this.#namespace(stream).sockets.values()]);
    return sockets.reduce((sum, socket) => sum + waitingFor(socket), 0);
  }

  /** Takes a record as it came from Kafka. */
  take(stream: Stream, message: Message): void {
    const record = readLiveRecord(stream, message);
    if (isReadable(record)) {
      this.#records++;
      this.#buffers[stream].add(record);
    } else {
      this.#unreadable++;
      this.#buffers[stream].addUnreadable(record.run);
    }
  }

  /** Tells all pages when it is another state than before. */
  setState(state: LiveState): void {
    if (state.kafka === this.#state.kafka && state.problem === this.#state.problem) return;
    this.#state = state;
    for (const stream of streams) this.#namespace(stream).emit("state", state);
  }

  /** Sends what has come since the last time; the timer calls it. */
  flush(): void {
    for (const stream of streams) {
      const buffered = this.#buffers[stream].take();
      if (buffered === undefined) continue;
      const at = this.#now();
      this.#histories[stream].add(at, buffered.series);
      this.#batches++;
      for (const room of this.#namespace(stream).adapter.rooms.keys()) {
        const watched = watchedBy(room);
        if (watched !== undefined) this.#send(stream, room, at, partFor(watched, buffered));
      }
    }
  }

  /** Ends all connections, and the HTTP server with them. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#io.close();
  }

  #namespace(stream: Stream): StreamNamespace {
    return this.#io.of(`/${stream}`);
  }

  #welcome(stream: Stream, socket: PageSocket): void {
    socket.data.watched = null;
    void socket.join(roomOf(null));
    socket.emit("state", this.#state);
    this.#sendHistory(stream, socket);
    socket.on("watch", (series: unknown, answer: unknown) => {
      // It asks without taking the answers: they go with the connection.
      if (waitingFor(socket) > MAX_WAITING) {
        socket.conn.close(true);
        return;
      }
      const problem = watchProblem(series);
      if (problem === null) {
        void socket.leave(roomOf(socket.data.watched));
        socket.data.watched = series as string | null;
        void socket.join(roomOf(socket.data.watched));
      }
      if (typeof answer === "function") (answer as (problem: string | null) => void)(problem);
      if (problem === null) this.#sendHistory(stream, socket);
    });
  }

  #sendHistory(stream: Stream, socket: PageSocket): void {
    const at = this.#now();
    const series = this.#histories[stream].points(socket.data.watched, at);
    socket.emit("history", { at, series, unreadable: 0 });
  }

  /** Encoded once for all; who has not taken the batch before does not get this one. */
  #send(stream: Stream, room: string, at: number, part: Pick<LiveBatch, "series" | "unreadable">): void {
    if (part.series.length === 0 && part.unreadable === 0) return;
    const namespace = this.#namespace(stream);
    for (const id of namespace.adapter.rooms.get(room) ?? []) {
      if (namespace.sockets.get(id)?.conn.transport.writable === false) this.#missed++;
    }
    namespace.to(room).volatile.emit("batch", { at, ...part });
  }
}

/** What those who watch a series, or all ordinary ones, get of a batch. */
function partFor(watched: string | null, { series, unreadable }: Buffered): Pick<LiveBatch, "series" | "unreadable"> {
  const wanted = series.filter((one) => (watched === null ? !one.marked : one.series === watched));
  const points = wanted.map(({ series: name, metric, count, points }): LivePoints => {
    return { series: name, metric, count, points };
  });
  return { series: points, unreadable: unreadable.get(watched) ?? 0 };
}

/** Rooms of Socket.IO; each connection has one more, with its own id as name. */
function roomOf(watched: string | null): string {
  return watched === null ? ORDINARY : `series ${watched}`;
}

function watchedBy(room: string): string | null | undefined {
  if (room === ORDINARY) return null;
  return room.startsWith("series ") ? room.slice("series ".length) : undefined;
}

function watchProblem(series: unknown): string | null {
  if (series === null) return null;
  if (typeof series !== "string") return "a series is a text, or null for all that are not marked";
  if (series.length >= 1 && series.length <= longestName) return null;
  return `the name of a series has 1 to ${longestName} characters; this one has ${series.length}`;
}

function waitingFor(socket: PageSocket): number {
  return (socket.conn as unknown as { readonly writeBuffer: readonly unknown[] }).writeBuffer.length;
}

/** Whether a page of another server asks: a browser sends where it has its page from. */
function isForeign(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

function byStream<T>(make: () => T): Readonly<Record<Stream, T>> {
  return { "random-numbers": make(), monitoring: make() };
}
