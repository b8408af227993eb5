/** Sends records at a steady rate, each acknowledged by all replicas. */
import { setTimeout as sleep } from "node:timers/promises";
import { idempotentProducer, kafkaClient } from "../components/kafka/programs/kafka-client.ts";
import { makeLoad } from "../components/telemetry/programs/load.ts";
import { toMessage } from "../components/telemetry/programs/record.ts";
import { Sender } from "../components/telemetry/programs/sender.ts";
import type { BenchSettings } from "./settings.ts";

/** A record that was made and queued for the broker. */
export interface SentRecord {
  readonly id: string;
  /** Time of its making, in ms since the epoch. */
  readonly madeAt: number;
}

/** Takes records as they are made. */
export interface SentList {
  readonly length: number;
  push(record: SentRecord): unknown;
}

export interface LoadWatch {
  /** Records that have arrived where they are watched. */
  readonly seen: () => number;
  /** For the lines of progress: what "arrived" means. */
  readonly seenWord: string;
  /** Is given what tells how many records the broker has acknowledged. @default - nobody asks */
  readonly onSender?: (sender: Pick<Sender, "sent">) => void;
  /** Ends the sending before its time. @default - nothing does */
  readonly signal?: AbortSignal;
}

/**
 * Sends `rate * seconds` records of a run and waits until all are seen, or `settle` is over.
 * @param sent - gets each record as it is made, in order
 */
export async function sendLoad(
  settings: BenchSettings,
  { run, topic, sent, watch }: { run: string; topic: string; sent: SentList; watch: LoadWatch },
): Promise<void> {
  const { rate, seconds, settle, kafka, log } = settings;
  const producer = idempotentProducer(kafkaClient({ bootstrapServers: kafka, clientId: "bench", log }));
  await producer.connect();
  const sender = new Sender({
    log,
    capacity: rate * seconds,
    deliver: async (batch) => {
      await producer.send({ topic, acks: -1, messages: [...batch] });
    },
  });
  watch.onSender?.(sender);
  const stop = new AbortController();
  const isStopped = (): boolean => watch.signal?.aborted === true;
  watch.signal?.addEventListener("abort", () => {
    stop.abort();
  });
  if (isStopped()) stop.abort();
  const sending = sender.run(stop.signal);
  const progress = setInterval(() => {
    log(`${sent.length} made, ${sender.sent} acknowledged, ${watch.seen()} ${watch.seenWord}`);
  }, 10_000);
  try {
    const load = makeLoad({ rate, seconds, origin: { source: "bench", node: "bench", run } });
    await load(stop.signal, (records) => {
      for (const { id, ts } of records) sent.push({ id, madeAt: Date.parse(ts) });
      sender.push(records.map(toMessage));
    });
    sender.close();
    await sending;
    for (const end = Date.now() + settle * 1000; watch.seen() < sent.length && Date.now() < end && !isStopped();) {
      await sleep(250);
    }
  } finally {
    clearInterval(progress);
    stop.abort();
    await producer.disconnect();
  }
}
