/** A client of the display's live streams, over Socket.IO as its pages speak it. */
import { io } from "socket.io-client";
import type { Socket } from "socket.io-client";
import type { LiveBatch, LiveState, PageEvents, ServerEvents } from "../../../display/protocol.ts";
import { describeError } from "../../../platform/hops/errors.ts";

/** Path of Socket.IO on the display; the pages have it from the same protocol. */
export const livePath = "/live";

/** A record as the live stream shows it. */
export interface LivePoint {
  readonly ts: number;
  readonly value: number;
  /** How often it came in a batch; 0: only among what was sent before. */
  readonly times: number;
}

export interface LiveOptions {
  /** `http://host:port` */
  readonly url: string;
  readonly namespace: "random-numbers" | "monitoring";
  /** Of the records that count. */
  readonly metric: string;
  /** Time that one answer has, in ms. @default 5000 */
  readonly answerMs?: number;
}

export class LiveClient {
  readonly #options: LiveOptions;
  readonly #socket: Socket<ServerEvents, PageEvents>;
  readonly #points = new Map<string, LivePoint>();
  #series = "";
  #hasAsked = false;
  #problem = "it was never asked";
  #state: LiveState | undefined;
  #thinnedOut = 0;
  #connectedAt: Date | undefined;
  #lastBatchAt: Date | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
    // A connection of its own, and no long polling before it: either it stands or it does not.
    this.#socket = io(`${options.url}/${options.namespace}`, {
      path: livePath,
      transports: ["websocket"],
      forceNew: true,
      autoConnect: false,
      timeout: options.answerMs ?? 5000,
      reconnectionDelay: 500,
      reconnectionDelayMax: 1000,
    });
    this.#listen();
  }

  get where(): string {
    return `display at ${this.#options.url}`;
  }

  /** Connects, unless it is connected, and asks for one series; what was seen of another one is forgotten. */
  async watch(series: string, signal: AbortSignal): Promise<void> {
    if (this.#series !== series) this.#points.clear();
    this.#series = series;
    try {
      await this.#connect(signal);
      const problem = await this.#askFor(series);
      this.#hasAsked = true;
      if (problem !== null) throw new Error(`${this.where} refuses to show series ${series}: ${problem}`);
    } catch (error) {
      this.#problem = describeError(error);
      throw error;
    }
  }

  /** Whether the display says that it reads Kafka; what is sent before that, it never shows. */
  get isReading(): boolean {
    return this.#state?.kafka === "connected";
  }

  /** What has come of the series so far. */
  get points(): readonly LivePoint[] {
    return [...this.#points.values()];
  }

  /** What the live stream is about, in words: why nothing comes, when nothing comes. */
  describe(): string {
    if (!this.#socket.connected) return `no live connection: ${this.#problem}`;
    if (this.#state?.kafka === "unreachable") {
      return `${this.where} says that it can't reach Kafka: ${this.#state.problem ?? "it does not say why"}`;
    }
    if (this.#state?.problem != null) return `${this.where} says: ${this.#state.problem}`;
    if (this.#thinnedOut > 0) return `${this.where} thinned out ${this.#thinnedOut} marked records`;
    // Not how long ago: what changes every second looks like progress.
    const timeOf = (at: Date | undefined): string => `${(at ?? new Date()).toISOString().slice(11, 19)} UTC`;
    if (this.#lastBatchAt === undefined) {
      return `${this.where} is connected and silent since ${timeOf(this.#connectedAt)}: no batch of the series has come`;
    }
    return `${this.where} is connected, its last batch of the series came at ${timeOf(this.#lastBatchAt)}`;
  }

  close(): void {
    this.#socket.disconnect();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("state", (state) => {
      this.#state = state;
    });
    socket.on("history", (batch) => {
      this.#take(batch, 0);
    });
    socket.on("batch", (batch) => {
      this.#take(batch, 1);
    });
    socket.on("connect", () => {
      this.#connectedAt = new Date();
      // A server that is back knows nothing of who watched what.
      if (this.#hasAsked) this.#askAgain();
    });
    socket.on("connect_error", (error) => {
      this.#problem = `${this.where} can't be reached: ${wordsOfTransport(error)}`;
    });
    socket.on("disconnect", (reason) => {
      this.#problem = `${this.where} has ended the connection: ${reason}`;
      this.#lastBatchAt = undefined;
      // The client takes the goodbye of a server that ends in order for good.
      if (!socket.active && reason !== "io client disconnect") socket.connect();
    });
  }

  #askAgain(): void {
    this.#askFor(this.#series).catch((error: unknown) => {
      this.#problem = describeError(error);
    });
  }

  #take(batch: LiveBatch, times: 0 | 1): void {
    for (const { series, metric, count, points } of batch.series) {
      if (series !== this.#series || metric !== this.#options.metric) continue;
      if (times === 1) {
        this.#lastBatchAt = new Date();
        this.#thinnedOut += count - points.length;
      }
      for (const [ts, value] of points) {
        const key = `${ts}/${value}`;
        this.#points.set(key, { ts, value, times: (this.#points.get(key)?.times ?? 0) + times });
      }
    }
  }

  async #connect(signal: AbortSignal): Promise<void> {
    if (this.#socket.connected) return;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const connected = (): void => {
      resolve(undefined);
    };
    const abort = (): void => {
      reject(new Error(this.#problem));
    };
    this.#problem = `${this.where} does not answer`;
    this.#socket.once("connect", connected);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    else this.#socket.connect();
    try {
      await promise;
    } finally {
      this.#socket.off("connect", connected);
      signal.removeEventListener("abort", abort);
    }
  }

  async #askFor(series: string): Promise<string | null> {
    try {
      const answer: unknown = await this.#socket.timeout(this.#options.answerMs ?? 5000).emitWithAck("watch", series);
      return typeof answer === "string" ? answer : null;
    } catch (error) {
      throw new Error(`${this.where} does not answer to the wish for a series: ${describeError(error)}`, {
        cause: error,
      });
    }
  }
}

/** The transport says "websocket error" to everything, and keeps the reason beside it. */
function wordsOfTransport(error: Error): string {
  const { description } = error as { readonly description?: { readonly message?: unknown; readonly error?: unknown } };
  const reason = description?.error ?? description?.message;
  return reason === undefined ? describeError(error) : describeError(reason);
}
