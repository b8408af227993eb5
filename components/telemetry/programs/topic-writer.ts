/** Writes batches to one topic, with a producer that is made when it is first needed and anew when the broker forgot it. */
import type { Producer } from "kafkajs";
import { field } from "../../../platform/describe-error.ts";
import type { KafkaMessage } from "./record.ts";

/** The calls of kafkajs' producer that are needed. */
export type BatchProducer = Pick<Producer, "connect" | "send" | "disconnect">;

/** What a broker says that has lost or replaced the state of a producer: this producer's batches are refused for ever. */
const forgotten = new Set([
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_PRODUCER_EPOCH",
  "INVALID_PRODUCER_ID_MAPPING",
]);

export class TopicWriter {
  readonly #make: () => BatchProducer;
  readonly #topic: string;
  #producer: BatchProducer | undefined;

  /** @param make makes a producer, which is connected before its first batch */
  constructor(topic: string, make: () => BatchProducer) {
    this.#topic = topic;
    this.#make = make;
  }

  /** Settles when every broker that must have the batch has it; an arrow, so that it can be handed on. */
  readonly write = async (batch: readonly KafkaMessage[]): Promise<void> => {
    this.#producer ??= await this.#connected();
    try {
      await this.#producer.send({ topic: this.#topic, acks: -1, messages: [...batch] });
    } catch (error) {
      if (forgotten.has(field(error, "type") ?? "")) await this.close();
      throw error;
    }
  };

  /** Ends the producer; the next batch gets a new one. */
  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.disconnect().catch(() => undefined);
  }

  async #connected(): Promise<BatchProducer> {
    const producer = this.#make();
    await producer.connect();
    return producer;
  }
}
