/** Counts what flows have rejected, from the topic that has it. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Kafka } from "kafkajs";
import { z } from "zod";

const AGAIN_MS = 10_000;
/** Of a reason, and of where it comes from, so many characters are shown. */
const SHOWN = 200;
/** What names a run of the proof. */
const PROOF = /proof-\d{13}-[0-9a-f]{8}/;

const lineSchema = z.looseObject({ error: z.string(), source: z.string().optional(), line: z.number().optional() });

export interface RejectedReport {
  /** Lines in the topic since its begin, without the proof's; `null`: Kafka was not read yet. */
  readonly count: number | null;
  /** The last one, in words. @default - there is none */
  readonly last?: string;
  /** When it came, in ISO 8601. */
  readonly lastAt?: string;
}

export interface RejectedOptions {
  readonly kafka: Pick<Kafka, "consumer">;
  readonly topic: string;
  readonly log: (line: string) => void;
}

export class Rejected {
  readonly #options: RejectedOptions;
  #report: RejectedReport = { count: null };

  constructor(options: RejectedOptions) {
    this.#options = options;
  }

  get report(): RejectedReport {
    return this.#report;
  }

  /** Reads the topic from its begin on, and goes on until the end. It throws nothing. */
  async read(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#readOnce(signal);
      } catch (error) {
        this.#options.log(`topic ${this.#options.topic} can't be read: ${(error as Error).message}`);
        await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #readOnce(signal: AbortSignal): Promise<void> {
    const { kafka, topic } = this.#options;
    // It keeps no place, so nothing is left of the group when it ends.
    const consumer = kafka.consumer({ groupId: `nifi-supervisor-${randomUUID()}`, maxWaitTimeInMs: 10_000 });
    const end = Promise.withResolvers<undefined>();
    signal.addEventListener("abort", () => {
      end.resolve(undefined);
    });
    consumer.on("consumer.crash", ({ payload }) => {
      if (!payload.restart) end.reject(payload.error);
    });
    const seen = new Map<number, bigint>();
    try {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      this.#report = { ...this.#report, count: 0 };
      await consumer.run({
        autoCommit: false,
        eachMessage: ({ partition, message }) => {
          const offset = BigInt(message.offset);
          // A consumer that joins its group again may read from the begin again.
          if (offset <= (seen.get(partition) ?? -1n)) return Promise.resolve();
          seen.set(partition, offset);
          const text = message.value?.toString() ?? "";
          // The proof sends bad lines each time, and sees to them itself.
          if (PROOF.test(text)) return Promise.resolve();
          this.#report = {
            count: (this.#report.count ?? 0) + 1,
            last: wordsOf(text),
            lastAt: new Date(Number(message.timestamp)).toISOString(),
          };
          return Promise.resolve();
        },
      });
      await end.promise;
    } finally {
      await consumer.disconnect();
    }
  }
}

function wordsOf(text: string): string {
  try {
    const { error, source, line } = lineSchema.parse(JSON.parse(text));
    const where = [source, line === undefined ? undefined : `line ${line}`].filter((one) => one !== undefined);
    return `${error.slice(0, SHOWN)} (${where.join(", ").slice(0, SHOWN)})`;
  } catch {
    return text.slice(0, SHOWN);
  }
}
