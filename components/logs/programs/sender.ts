/** Brings entries to the store, in the order in which they come. */
import { setTimeout as sleep } from "node:timers/promises";

/** Bytes that wait at most: who reads waits then. */
const MOST_WAITING = 4 * 1024 * 1024;
const MOST_AT_ONCE = 1024 * 1024;

export interface SenderOptions {
  /** @throws Error when the lines may not be in the store */
  readonly add: (lines: string) => Promise<void>;
  readonly signal: AbortSignal;
  /** Time in which few entries are gathered, in ms. */
  readonly gatherMs: number;
}

export class Sender {
  readonly #options: SenderOptions;
  #waiting: string[] = [];
  #bytes = 0;
  #room = Promise.withResolvers<undefined>();
  #some = Promise.withResolvers<undefined>();
  /** Entries that the store has taken. */
  sent = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Takes an entry, as a JSON document. It is done when there is room for the next. */
  async push(document: string): Promise<void> {
    this.#waiting.push(document);
    this.#bytes += document.length;
    this.#some.resolve(undefined);
    while (this.#bytes > MOST_WAITING && !this.#options.signal.aborted) await this.#room.promise;
  }

  /** Sends until the signal ends it. @throws Error when the store has not taken something: nobody knows what it has then */
  async run(): Promise<void> {
    const { add, signal, gatherMs } = this.#options;
    const stop = (): void => {
      this.#some.resolve(undefined);
      this.#room.resolve(undefined);
    };
    signal.addEventListener("abort", stop);
    try {
      while (!signal.aborted) {
        await this.#some.promise;
        if (this.#bytes < MOST_AT_ONCE) await sleep(gatherMs, undefined, { signal }).catch(() => undefined);
        await this.#sendSome(add);
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async #sendSome(add: SenderOptions["add"]): Promise<void> {
    let count = 0;
    let bytes = 0;
    while (count < this.#waiting.length && bytes < MOST_AT_ONCE) bytes += this.#waiting[count++]?.length ?? 0;
    const batch = this.#waiting.splice(0, count);
    if (this.#waiting.length === 0) this.#some = Promise.withResolvers<undefined>();
    if (count === 0) return;
    await add(`${batch.join("\n")}\n`);
    this.sent += count;
    this.#bytes -= bytes;
    this.#room.resolve(undefined);
    this.#room = Promise.withResolvers<undefined>();
  }
}
