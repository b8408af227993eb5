import { expect } from "chai";
import type { Consumer, KafkaMessage } from "kafkajs";
import { HopFailure } from "../../../check/hop.ts";
import { readBack } from "../../../check/hops/kafka.ts";
import { makeMarkedRun, messagesOf } from "../../../check/marked-records.ts";

const marked = makeMarkedRun({ records: 3, poison: 1 });

type Listener = (event: { readonly payload: unknown }) => void;

/**
 * A consumer as Kafka's client has it, of a topic with one partition: it seeks only once it has joined, and each join
 * begins where it was sought to, at the end of the topic by default.
 */
class FakeConsumer {
  readonly topic: readonly KafkaMessage[];
  /** What the joins do; the last one is done again and again. */
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

  /** Settles before it has joined, as the client's does when a first join fails. */
  run(options: {
    eachMessage: (payload: { message: KafkaMessage; partition: number }) => Promise<void>;
  }): Promise<void> {
    this.#eachMessage = options.eachMessage;
    void this.#joinAll();
    return Promise.resolve();
  }

  seek({ offset }: { readonly offset: string }): void {
    if (!this.#hasJoined) throw new Error("Consumer group was not initialized, consumer#run must be called first");
    this.#position = Number(offset);
  }

  crash(error: Error, restart: boolean): void {
    this.#listeners.get("consumer.crash")?.({ payload: { error, restart } });
  }

  async #joinAll(): Promise<void> {
    for (const join of this.joins) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      this.#hasJoined = join === "succeeds";
      if (join === "fails") {
        this.crash(new Error("The coordinator is not available"), true);
        continue;
      }
      this.#position = this.topic.length;
      this.#listeners.get("consumer.group_join")?.({ payload: {} });
      for (; this.#position < this.topic.length; this.#position++) {
        const message = this.topic[this.#position];
        if (message !== undefined) await this.#eachMessage({ message, partition: 0 });
      }
    }
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

function read(consumer: FakeConsumer, signal = AbortSignal.timeout(5000)): Promise<readonly KafkaMessage[]> {
  const start = new Map([[0, String(others.length)]]);
  return readBack(consumer as unknown as Consumer, "telemetry", start, marked, signal);
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
    setTimeout(() => Object.assign(half, { topic }), 15);
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
    const error = await read(new FakeConsumer(topic.slice(0, 3), "succeeds"), AbortSignal.timeout(150)).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(HopFailure);
    expect((error as Error).message).to.equal("topic telemetry gave back 2 of 4 acknowledged records");
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
