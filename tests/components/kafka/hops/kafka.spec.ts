import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { Consumer, KafkaMessage } from "kafkajs";
import { HopFailure } from "../../../../platform/hops/hop.ts";
import { readBack } from "../../../../components/kafka/hops/kafka.ts";
import { makeMarkedRun, messagesOf } from "../../../../components/telemetry/hops/marked-records.ts";

const marked = makeMarkedRun({ records: 3, poison: 1 });

type Listener = (event: { readonly payload: unknown }) => void;

/**
 * A consumer as Kafka's client has it, of a topic with one partition: it seeks only once it has joined, and each join
 * begins where it was sought to, at the end of the topic by default.
 */
class FakeConsumer {
  readonly topic: readonly KafkaMessage[];
  /** What its joins do, one after the other. */
  readonly joins: ("fails" | "succeeds")[];
  readonly #listeners = new Map<string, Listener>();
  #eachMessage: (payload: { message: KafkaMessage; partition: number }) => Promise<void> = () => Promise.resolve();
  #position: number;
  #hasJoined = false;

  constructor(topic: readonly KafkaMessage[], ...joins: ("fails" | "succeeds")[]) {
    this.topic = topic;
    this.joins = joins;
    this.#position = topic.length;
  }

  on(name: string, listener: Listener): void {
    this.#listeners.set(name, listener);
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  subscribe(): Promise<void> {
    return Promise.resolve();
  }

  /** Settles when the first join has ended, well or not, as the client's does. */
  async run(options: {
    eachMessage: (payload: { message: KafkaMessage; partition: number }) => Promise<void>;
  }): Promise<void> {
    this.#eachMessage = options.eachMessage;
    const [first = "succeeds", ...later] = this.joins;
    await this.#join(first);
    void this.#fetch(later);
  }

  seek({ offset }: { readonly offset: string }): void {
    if (!this.#hasJoined) throw new Error("Consumer group was not initialized, consumer#run must be called first");
    this.#position = Number(offset);
  }

  crash(error: Error, restart: boolean): void {
    this.#listeners.get("consumer.crash")?.({ payload: { error, restart } });
  }

  async #join(join: "fails" | "succeeds"): Promise<void> {
    await sleep(10);
    this.#hasJoined = join === "succeeds";
    this.#position = this.topic.length;
    if (this.#hasJoined) this.#listeners.get("consumer.group_join")?.({ payload: {} });
    else this.crash(new Error("The coordinator is not available"), true);
  }

  async #fetch(later: readonly ("fails" | "succeeds")[]): Promise<void> {
    await sleep(5);
    for (; this.#hasJoined && this.#position < this.topic.length; this.#position++) {
      const message = this.topic[this.#position];
      if (message !== undefined) await this.#eachMessage({ message, partition: 0 });
    }
    const [next, ...rest] = later;
    if (next === undefined) return;
    await this.#join(next);
    await this.#fetch(rest);
  }
}

/** The topic's records; those before the run's are others'. */
function topicOf(messages: readonly { readonly value: string | null; readonly headers: object }[]): KafkaMessage[] {
  return messages.map(({ value, headers }, offset) => {
    return { offset: String(offset), value: value === null ? null : Buffer.from(value), headers } as KafkaMessage;
  });
}

const others = [{ value: "ordinary", headers: {} }];
const topic = topicOf([...others, ...messagesOf(marked)]);

function read(
  consumer: FakeConsumer,
  signal = AbortSignal.timeout(5000),
  onProgress: (words: string) => void = () => undefined,
): Promise<readonly KafkaMessage[]> {
  const start = new Map([[0, String(others.length)]]);
  return readBack(consumer as unknown as Consumer, "telemetry", start, marked, { signal, onProgress });
}

describe("hop kafka", () => {
  it("reads the run's records back from where the topic ended before them", async () => {
    const seen = await read(new FakeConsumer(topic, "succeeds"));
    expect(seen.map(({ offset }) => offset)).to.deep.equal(["1", "2", "3", "4"]);
  });

  it("reads them also when the first joins fail, as on a broker that has just started", async () => {
    const seen = await read(new FakeConsumer(topic, "fails", "fails", "succeeds"));
    expect(seen).to.have.length(4);
  });

  it("counts a record once when a later join reads it again", async () => {
    const half = new FakeConsumer(topic.slice(0, 3), "succeeds", "succeeds", "succeeds");
    setTimeout(() => Object.assign(half, { topic }), 20);
    expect(await read(half)).to.have.length(4);
  });

  it("takes no record of others for one of the run", async () => {
    const header = { "millrace-run": "another run" };
    const busy = topicOf([...others, { value: "another proof's", headers: header }, ...messagesOf(marked)]);
    expect((await read(new FakeConsumer(busy, "succeeds"))).map(({ offset }) => offset)).to.deep.equal([
      "2",
      "3",
      "4",
      "5",
    ]);
  });

  it("says how many of the acknowledged records did not come back", async () => {
    const error = await read(new FakeConsumer(topic.slice(0, 3), "succeeds"), AbortSignal.timeout(500)).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(HopFailure);
    expect((error as Error).message).to.equal("topic telemetry gave back 2 of 4 acknowledged records");
  });

  it("tells how many have come back, so that a slow broker is waited for", async () => {
    const told: string[] = [];
    const consumer = new FakeConsumer(topic.slice(0, 3), "succeeds");
    await read(consumer, AbortSignal.timeout(300), (words) => told.push(words)).catch(() => undefined);
    expect(told).to.deep.equal(["2 of 4 acknowledged records have come back"]);
  });

  it("ends with the client's own error when the client gives up", async () => {
    const consumer = new FakeConsumer(topic, "fails");
    setTimeout(() => {
      consumer.crash(new Error("SASL handshake failed"), false);
    }, 30);
    const error = await read(consumer).catch((reason: unknown) => reason);
    expect(String(error)).to.equal("Error: SASL handshake failed");
  });
});
