/** The cars of the race as they move: ten times a second to all pages that show them. Nothing waits for a slow page. */
import type { Namespace, Server } from "socket.io";
import { isSample, readSample } from "../../components/race-car/programs/sample.ts";
import type { Message } from "../../components/telemetry/programs/read-record.ts";
import { type LiveState, type RaceEvents, raceNamespace } from "../protocol.ts";
import { RaceBoard } from "./race-board.ts";

const BATCH_MS = 100;

/** Figures for `/healthz`. */
export interface RaceFiguresOfServer {
  readonly samples: number;
  readonly unreadable: number;
}

export class RaceLive {
  readonly #namespace: Namespace<Record<string, never>, RaceEvents>;
  readonly #board = new RaceBoard();
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #state: LiveState = { kafka: "unreachable", problem: "the server has just started and does not know Kafka yet" };
  #samples = 0;
  #unreadable = 0;
  #unreadableTold = 0;

  constructor(io: Server, { now = Date.now }: { readonly now?: () => number } = {}) {
    this.#now = now;
    this.#namespace = io.of(raceNamespace);
    this.#namespace.on("connection", (socket) => {
      socket.emit("state", this.#state);
      socket.emit("cars", { at: this.#now(), cars: this.#board.all(this.#now()), unreadable: 0 });
    });
    this.#timer = setInterval(() => {
      this.flush();
    }, BATCH_MS).unref();
  }

  get figures(): RaceFiguresOfServer {
    return { samples: this.#samples, unreadable: this.#unreadable };
  }

  /** Takes a sample as it came from Kafka; those of a proof are nobody's car. */
  take({ value, timestamp }: Pick<Message, "value" | "timestamp">): void {
    const read = readSample(value, Number(timestamp));
    if (!isSample(read)) this.#unreadable++;
    else if (read.run === null) {
      this.#samples++;
      this.#board.take(read, this.#now());
    }
  }

  /** Tells all pages when it is another state than before. */
  setState(state: LiveState): void {
    if (state.kafka === this.#state.kafka && state.problem === this.#state.problem) return;
    this.#state = state;
    this.#namespace.emit("state", state);
  }

  /** Sends what has come since the last time; the timer calls it. */
  flush(): void {
    const cars = this.#board.news();
    const unreadable = this.#unreadable - this.#unreadableTold;
    if (cars.length === 0 && unreadable === 0) return;
    this.#unreadableTold = this.#unreadable;
    this.#namespace.volatile.emit("cars", { at: this.#now(), cars, unreadable });
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
