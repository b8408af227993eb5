/** Sends marked numbers and answers when Kafka has them all. */
import { makeRecord, runHeader } from "../../telemetry/programs/record.ts";
import type { KafkaMessage, TelemetryRecord } from "../../telemetry/programs/record.ts";
import { numberMessage } from "./numbers.ts";
import type { MarkedOrder } from "./order.ts";

/** Bytes of one request to Kafka; a larger message goes alone. */
const batchBytes = 512 * 1024;

export interface MarkedOptions {
  readonly node: string;
  /** Sends one batch and settles when every broker that must have it has it. */
  readonly write: (batch: readonly KafkaMessage[]) => Promise<void>;
  /**
   * Makes the next batch start anew, after one whose fate is unknown: a broker that has it would take another batch of the
   * same producer for its repetition, and leave it out.
   */
  readonly renew: () => Promise<void>;
  /** Orders that may wait, beside the one that is sent. @default 8 */
  readonly mostWaiting?: number;
  /** Time for one order in ms, from the moment it is its turn. @default 30000 */
  readonly limitMs?: number;
}

/** Why an order was not carried out, or not wholly; a second try may be. */
export class MarkedFailure extends Error {
  override readonly name = "MarkedFailure";
}

/** One order after the other. */
export class MarkedSender {
  readonly #options: Required<MarkedOptions>;
  #last: Promise<unknown> = Promise.resolve();
  #orders = 0;
  #sent = 0;

  constructor(options: MarkedOptions) {
    this.#options = { mostWaiting: 8, limitMs: 30_000, ...options };
  }

  /** Marked numbers acknowledged. */
  get sent(): number {
    return this.#sent;
  }

  /**
   * @returns the records of the values, in their order
   * @throws {MarkedFailure} when Kafka did not acknowledge all of them
   */
  async send(order: MarkedOrder): Promise<readonly TelemetryRecord[]> {
    const { mostWaiting } = this.#options;
    if (this.#orders > mostWaiting) {
      throw new MarkedFailure(`${mostWaiting} orders wait already; nothing of this one was sent, try again later`);
    }
    this.#orders++;
    const turn = this.#last.then(() => this.#carryOut(order));
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#orders--;
    }
  }

  /** Settles when no order is left. */
  async finish(): Promise<void> {
    await this.#last;
  }

  async #carryOut(order: MarkedOrder): Promise<readonly TelemetryRecord[]> {
    const { node, limitMs, renew } = this.#options;
    const origin = { source: "random-numbers", node, at: new Date(), run: order.run } as const;
    const records = order.values.map((value) => makeRecord(origin, { metric: order.metric, value }));
    const messages = [...records.map(numberMessage), ...order.poison.map(poisonOf(order))];
    const signal = AbortSignal.timeout(limitMs);
    let acknowledged = 0;
    try {
      for (const batch of batchesOf(messages)) {
        await within(signal, this.#options.write(batch));
        acknowledged += batch.length;
      }
    } catch (error) {
      await renew();
      const reason = signal.aborted ? `no answer within ${limitMs / 1000} s` : (error as Error).message;
      throw new MarkedFailure(
        `Kafka acknowledged ${acknowledged} of ${messages.length} messages: ${reason}; more of them may be there all ` +
          "the same. Try again under another run",
        { cause: error },
      );
    }
    this.#sent += records.length;
    return records;
  }
}

function poisonOf({ run }: MarkedOrder): (text: string, index: number) => KafkaMessage {
  return (text, index) => ({ key: `${run}-${index}`, value: text, headers: { [runHeader]: run } });
}

function* batchesOf(messages: readonly KafkaMessage[]): Generator<readonly KafkaMessage[]> {
  let batch: KafkaMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.value ?? "");
    if (batch.length > 0 && bytes + size > batchBytes) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(message);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

async function within<T>(signal: AbortSignal, task: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    reject(new Error("aborted"));
  };
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([task, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
