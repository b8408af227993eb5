/** When records arrive over Socket.IO, at many clients, and straight from Kafka, in the same process. */
import type { Consumer, Kafka } from "kafkajs";
import { io, type Socket } from "socket.io-client";
import { livePath } from "../components/display/hops/live-client.ts";
import type { LiveBatch, PageEvents, ServerEvents } from "../display/protocol.ts";
import { runHeader } from "../components/telemetry/programs/record.ts";
import { Histogram } from "./histogram.ts";

const connectMs = 30_000;

/** Clients that each watch one run, as so many open pages do. */
export class LiveWatch {
  readonly latencies = new Histogram();
  readonly #run: string;
  readonly #sockets: Socket<ServerEvents, PageEvents>[] = [];
  /** Points by client. */
  readonly #seen: number[] = [];
  #thinnedOut = 0;
  #reconnects = 0;

  constructor(run: string) {
    this.#run = run;
  }

  /** @throws Error when a client is not connected in time, or refused */
  async connect(url: string, clients: number): Promise<void> {
    await Promise.all(Array.from({ length: clients }, (_, index) => this.#open(url, index)));
  }

  /** Points that the slowest client has seen. */
  get leastSeen(): number {
    return Math.min(...this.#seen);
  }

  get figures(): { received: number; thinnedOut: number; reconnects: number } {
    return { received: this.latencies.count, thinnedOut: this.#thinnedOut, reconnects: this.#reconnects };
  }

  close(): void {
    for (const socket of this.#sockets) socket.disconnect();
  }

  async #open(url: string, index: number): Promise<void> {
    this.#seen[index] = 0;
    const socket: Socket<ServerEvents, PageEvents> = io(`${url}/random-numbers`, {
      path: livePath,
      transports: ["websocket"],
      forceNew: true,
    });
    this.#sockets.push(socket);
    socket.on("batch", (batch) => {
      this.#take(batch, index);
    });
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => {
      reject(new Error(`client ${index + 1}: ${url} took no connection within ${connectMs / 1000} s`));
    }, connectMs);
    let isFirst = true;
    socket.on("connect", () => {
      if (!isFirst) this.#reconnects++;
      isFirst = false;
      socket
        .timeout(connectMs)
        .emitWithAck("watch", this.#run)
        .then((problem) => {
          if (problem === null) resolve(undefined);
          else reject(new Error(`client ${index + 1} was refused: ${problem}`));
        }, reject);
    });
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #take(batch: LiveBatch, index: number): void {
    const now = Date.now();
    for (const { series, count, points } of batch.series) {
      if (series !== this.#run) continue;
      this.#thinnedOut += count - points.length;
      this.#seen[index] = (this.#seen[index] ?? 0) + points.length;
      for (const [ts] of points) this.latencies.add(now - ts);
    }
  }
}

/** The peer: a consumer of the topic itself, which parses each record as the display must. */
export class DirectWatch {
  readonly latencies = new Histogram();
  readonly #consumer: Consumer;
  readonly #run: string;
  readonly #topic: string;

  constructor(kafka: Kafka, topic: string, run: string) {
    this.#run = run;
    this.#topic = topic;
    this.#consumer = kafka.consumer({ groupId: run, maxWaitTimeInMs: 500, allowAutoTopicCreation: false });
  }

  /** Settles when it reads. */
  async connect(): Promise<void> {
    const joined = Promise.withResolvers<undefined>();
    this.#consumer.on("consumer.fetch", () => {
      joined.resolve(undefined);
    });
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topic: this.#topic });
    await this.#consumer.run({
      autoCommit: false,
      eachMessage: ({ message }) => {
        if (message.headers?.[runHeader]?.toString() === this.#run) {
          const { ts } = JSON.parse(message.value?.toString() ?? "{}") as { readonly ts: string };
          this.latencies.add(Date.now() - Date.parse(ts));
        }
        return Promise.resolve();
      },
    });
    await joined.promise;
  }

  async close(): Promise<void> {
    await this.#consumer.disconnect();
  }
}
