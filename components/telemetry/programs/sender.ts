/** Sends records to Kafka without ever giving up, and without growing while the broker is away. */
import { setTimeout as sleep } from "node:timers/promises";
import type { KafkaMessage } from "./record.ts";

/** Least time between two log lines about dropped records. */
const droppedPauseMs = 10_000;

export interface SenderOptions {
  /** Sends one batch and settles when every broker that must have it has it. */
  readonly deliver: (batch: readonly KafkaMessage[]) => Promise<void>;
  /** Plain log lines. */
  readonly log: (line: string) => void;
  /** Records held while the broker is away; the oldest are dropped beyond it. @default 100000 */
  readonly capacity?: number;
  /** Most records in one request. @default 2000 */
  readonly batchSize?: number;
  /**
   * Time that a batch which is not full waits for more records, in ms. Each request costs the broker, and all who read the
   * topic, about as much as a hundred records. @default 0
   */
  readonly lingerMs?: number;
  /** Pauses between tries in ms: doubled from `first` up to `last`. @default 250 to 10000 */
  readonly backoffMs?: { readonly first: number; readonly last: number };
}

/**
 * A bounded queue in front of the broker. A batch once taken is tried again unchanged until it is acknowledged, so that
 * an idempotent producer can recognise a repetition.
 */
export class Sender {
  readonly #options: Required<SenderOptions>;
  readonly #queue: KafkaMessage[] = [];
  #wake: (() => void) | undefined;
  #isClosing = false;
  #dropped = 0;
  #toldDropped = 0;
  #sent = 0;

  constructor(options: SenderOptions) {
    const backoffMs = { first: 250, last: 10_000 };
    this.#options = { capacity: 100_000, batchSize: 2000, lingerMs: 0, backoffMs, ...options };
  }

  /** Records lost because the queue was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Records acknowledged. */
  get sent(): number {
    return this.#sent;
  }

  /** Records waiting. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Queues records; the oldest ones make room when the queue is full. */
  push(messages: readonly KafkaMessage[]): void {
    this.#queue.push(...messages);
    const excess = this.#queue.length - this.#options.capacity;
    if (excess > 0) {
      this.#queue.splice(0, excess);
      this.#dropped += excess;
      this.#tellDropped();
    }
    this.#wake?.();
  }

  /** Not at each push: a queue that is full stays so until the broker is back. */
  #tellDropped(): void {
    if (Date.now() - this.#toldDropped < droppedPauseMs) return;
    this.#toldDropped = Date.now();
    this.#options.log(`queue full: the oldest records make room, ${this.#dropped} were dropped so far`);
  }

  /** Lets {@link run} end once the queue is empty or `signal` of `run` fires. */
  close(): void {
    this.#isClosing = true;
    this.#wake?.();
  }

  /** Sends until closed and empty, or until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { batchSize, lingerMs } = this.#options;
    while (!signal.aborted) {
      if (lingerMs > 0 && !this.#isClosing && this.waiting > 0 && this.waiting < batchSize) {
        await sleep(lingerMs, undefined, { signal }).catch(() => undefined);
      }
      const batch = this.#queue.splice(0, batchSize);
      if (batch.length > 0) await this.#deliverForEver(batch, signal);
      else if (this.#isClosing) return;
      else await this.#arrival(signal);
    }
  }

  async #deliverForEver(batch: readonly KafkaMessage[], signal: AbortSignal): Promise<void> {
    const { first, last } = this.#options.backoffMs;
    for (let attempt = 1, pause = first; !signal.aborted; attempt++, pause = Math.min(pause * 2, last)) {
      try {
        await this.#options.deliver(batch);
        this.#sent += batch.length;
        if (attempt > 1) this.#options.log(`broker is back: ${batch.length} records sent at try ${attempt}`);
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.log(
          `try ${attempt}: ${reason}; ${batch.length + this.waiting} records wait, again in ${pause} ms`,
        );
        await sleep(pause, undefined, { signal }).catch(() => undefined);
      }
    }
    this.#queue.unshift(...batch);
  }

  async #arrival(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const wake = (): void => {
      resolve(undefined);
    };
    this.#wake = wake;
    signal.addEventListener("abort", wake, { once: true });
    await promise;
    signal.removeEventListener("abort", wake);
    this.#wake = undefined;
  }
}
