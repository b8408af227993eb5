/** A client of the ingest over WebSocket: sends what it is given, and again what was not settled when a connection ended. */
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { samplesPath, type Told } from "./protocol.ts";

export interface IngestClientOptions {
  /** `ws://host:port` */
  readonly url: string;
  readonly token: string;
  /** Plain log lines. */
  readonly log: (line: string) => void;
  /** Messages that are kept while they are not settled; the oldest are given up beyond. @default 20000 */
  readonly capacity?: number;
  /** Time after which a connection that ended, or was refused, is made anew, in ms. @default 1000 */
  readonly retryMs?: number;
  /** Hears what the ingest tells. @default - nobody */
  readonly onTold?: (told: Told) => void;
}

/** What a text or bytes of a sample are sent as: JSON, or the packed form. */
export type Message = string | Uint8Array;

export class IngestClient {
  readonly #options: Required<IngestClientOptions>;
  /** Not settled, in order; the first of them that this connection was sent has number {@link #first}. */
  #unsettled: Message[] = [];
  /** How many messages of this connection are settled. */
  #settledHere = 0;
  #socket: WebSocket | undefined;
  #settled = 0;
  #givenUp = 0;
  #settledAt: number | undefined;

  constructor(options: IngestClientOptions) {
    this.#options = { capacity: 20_000, retryMs: 1000, onTold: () => undefined, ...options };
  }

  /** Messages that are settled, those that are not, and those that were given up. */
  get figures(): { readonly settled: number; readonly unsettled: number; readonly givenUp: number } {
    return { settled: this.#settled, unsettled: this.#unsettled.length, givenUp: this.#givenUp };
  }

  /** When the ingest last settled a message, in ms since 1970. */
  get settledAt(): number | undefined {
    return this.#settledAt;
  }

  push(message: Message): void {
    this.#unsettled.push(message);
    if (this.#unsettled.length > this.#options.capacity) {
      this.#unsettled.shift();
      this.#givenUp++;
      // Its number on this connection is not that of the next one.
      this.#settledHere--;
    }
    this.#socket?.send(message, () => undefined);
  }

  /** Connects, and again whenever a connection has ended, until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      const reason = await this.#connect(signal);
      if (isOver()) return;
      this.#options.log(`${this.#options.url}: ${reason}; ${this.#unsettled.length} samples wait`);
      await sleep(this.#options.retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns why the connection has ended */
  async #connect(signal: AbortSignal): Promise<string> {
    const { url, token, onTold } = this.#options;
    const socket = new WebSocket(`${url}${samplesPath}`, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
      handshakeTimeout: 10_000,
    });
    const ended = Promise.withResolvers<string>();
    const abort = (): void => {
      socket.close(1000);
    };
    signal.addEventListener("abort", abort, { once: true });
    let problem = "";
    socket.on("open", () => {
      this.#settledHere = 0;
      this.#socket = socket;
      for (const message of this.#unsettled) socket.send(message, () => undefined);
    });
    socket.on("message", (data) => {
      const told = JSON.parse((data as Buffer).toString()) as Told;
      if (told.type === "settled") this.#settle(told.settled);
      onTold(told);
    });
    socket.on("error", (error) => {
      problem = error.message;
    });
    socket.on("close", (code, why) => {
      ended.resolve(problem || `the connection has ended (${code}${why.length > 0 ? `: ${why.toString()}` : ""})`);
    });
    const reason = await ended.promise;
    this.#socket = undefined;
    signal.removeEventListener("abort", abort);
    return reason;
  }

  #settle(upTo: number): void {
    const more = upTo - this.#settledHere;
    if (more <= 0) return;
    this.#unsettled.splice(0, more);
    this.#settledHere = upTo;
    this.#settled += more;
    this.#settledAt = Date.now();
  }
}
