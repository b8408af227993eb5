/** One client of the ingest: what it has sent, what has become of it, and what it is told. */
import { Rate } from "./intake.ts";
import type { Told } from "./protocol.ts";

/** Reasons that a client is told in a second. */
const MOST_REASONS = 5;
const SECOND = 1000;

export class ClientAccount {
  readonly name: string;
  readonly #rate: Rate;
  readonly #perSecond: number;
  #received = 0;
  #stored = 0;
  #refused = 0;
  #dropped = 0;
  /** Numbers of the messages that Kafka has not acknowledged yet, in order. */
  readonly #waiting = new Set<number>();
  #reasons = { at: 0, told: 0 };
  #droppedToldAt = -Infinity;
  #told = "";

  constructor(name: string, perSecond: number, now: number) {
    this.name = name;
    this.#perSecond = perSecond;
    this.#rate = new Rate(perSecond, now);
  }

  /** Counts a message. @returns its number, from 1 on; `undefined`: it is not to be looked at */
  receive(now: number): number | undefined {
    this.#received++;
    if (this.#rate.allows(now)) {
      this.#waiting.add(this.#received);
      return this.#received;
    }
    this.#dropped++;
    return undefined;
  }

  /** Kafka has a message. */
  acknowledge(message: number, kind: "sample" | "deadLetter"): void {
    this.#waiting.delete(message);
    if (kind === "sample") this.#stored++;
    else this.#refused++;
  }

  /** What to tell of a message that is a dead letter; `undefined`: enough was told in this second. */
  refusal(message: number, reason: string, now: number): Told | undefined {
    if (now - this.#reasons.at >= SECOND) this.#reasons = { at: now, told: 0 };
    if (this.#reasons.told++ >= MOST_REASONS) return undefined;
    return { type: "refused", message, reason };
  }

  /** What to tell of a message that was dropped; `undefined`: it was told in this second. */
  excess(now: number): Told | undefined {
    if (now - this.#droppedToldAt < SECOND) return undefined;
    this.#droppedToldAt = now;
    const reason = `more than ${this.#perSecond} messages a second; send fewer, or by several connections`;
    return { type: "dropped", dropped: this.#dropped, reason };
  }

  /** What has become of its messages, where that is news. */
  news(): Told | undefined {
    const [oldest = this.#received + 1] = this.#waiting;
    const settled = oldest - 1;
    const told: Told = {
      type: "settled",
      settled,
      stored: this.#stored,
      refused: this.#refused,
      dropped: this.#dropped,
    };
    const words = JSON.stringify(told);
    if (settled === 0 || words === this.#told) return undefined;
    this.#told = words;
    return told;
  }
}
