import { expect } from "chai";
import type { Kafka } from "kafkajs";
import type { LiveState } from "../../display/protocol.ts";
import { LiveFeed } from "../../display/server/live-feed.ts";

type Listener = (event: { readonly payload: object }) => void;
interface Batch {
  readonly batch: { readonly topic: string; readonly messages: readonly object[] };
  readonly heartbeat: () => Promise<void>;
}

/** A client of Kafka whose consumers do what the spec says. */
class FakeKafka {
  readonly calls: string[] = [];
  /** What the next `connect` fails with. */
  refusals: Error[] = [];
  topics: readonly string[] = [];
  give: (batch: Batch) => Promise<void> = () => Promise.reject(new Error("nothing runs"));
  #listeners = new Map<string, Listener>();
  #running = Promise.withResolvers<undefined>();

  /** As the one that the feed takes; it uses no more of it. */
  get kafka(): Kafka {
    return { consumer: (config: object) => this.#consumer(config), admin: () => this.#admin() } as unknown as Kafka;
  }

  emit(event: string, payload: object = {}): void {
    this.#listeners.get(event)?.({ payload });
  }

  /** Settles when a consumer runs, the next one after this was asked. */
  async running(): Promise<void> {
    await this.#running.promise;
    this.#running = Promise.withResolvers();
  }

  #consumer(config: object): object {
    this.calls.push(`consumer ${(config as { groupId: string }).groupId}`);
    this.#listeners = new Map();
    return {
      on: (event: string, listener: Listener) => this.#listeners.set(event, listener),
      connect: () => {
        const refusal = this.refusals.shift();
        return refusal === undefined ? Promise.resolve() : Promise.reject(refusal);
      },
      subscribe: (asked: { topics: readonly string[]; fromBeginning?: boolean }) => {
        this.topics = asked.topics;
        this.calls.push(`subscribe from ${asked.fromBeginning === true ? "the beginning" : "the end"}`);
        return Promise.resolve();
      },
      run: (options: { autoCommit: boolean; eachBatch: (batch: Batch) => Promise<void> }) => {
        this.calls.push(options.autoCommit ? "run with commits" : "run without commits");
        this.give = options.eachBatch;
        this.#running.resolve(undefined);
        return Promise.resolve();
      },
      disconnect: () => {
        this.calls.push("leave");
        return Promise.resolve();
      },
    };
  }

  #admin(): object {
    return {
      connect: () => Promise.resolve(),
      deleteGroups: (groups: readonly string[]) => {
        this.calls.push(`delete ${groups.join()}`);
        return Promise.resolve();
      },
      disconnect: () => Promise.resolve(),
    };
  }
}

describe("reading Kafka for the live pages", () => {
  let fake: FakeKafka;
  let feed: LiveFeed;
  let now = 0;
  let records: [stream: string, message: object][] = [];
  let states: LiveState[] = [];

  beforeEach(() => {
    fake = new FakeKafka();
    now = Date.parse("2026-11-21T12:00:00.000Z");
    records = [];
    states = [];
    feed = new LiveFeed({
      kafka: fake.kafka,
      groupId: "display-pod-1",
      topics: { "random-numbers": "numbers", monitoring: "telemetry" },
      onRecord: (stream, message) => records.push([stream, message]),
      onState: (state) => states.push(state),
      lastReason: () => undefined,
      retryMs: 1,
      now: () => now,
    });
  });
  afterEach(() => feed.stop());

  const state = (): LiveState | undefined => {
    feed.tellState();
    return states.at(-1);
  };

  it("hands on the records of each topic as those of its stream, and stays in the group", async () => {
    feed.start();
    await fake.running();
    let heartbeats = 0;
    const heartbeat = (): Promise<void> => {
      heartbeats++;
      return Promise.resolve();
    };
    await fake.give({ batch: { topic: "numbers", messages: [{ n: 1 }, { n: 2 }] }, heartbeat });
    await fake.give({ batch: { topic: "telemetry", messages: [{ n: 3 }] }, heartbeat });
    expect(records).to.deep.equal([
      ["random-numbers", { n: 1 }],
      ["random-numbers", { n: 2 }],
      ["monitoring", { n: 3 }],
    ]);
    expect(heartbeats).to.equal(2);
    expect(fake.topics).to.deep.equal(["numbers", "telemetry"]);
  });

  it("reads from the end without commits, and removes its group when it is stopped", async () => {
    feed.start();
    await fake.running();
    await feed.stop();
    expect(fake.calls).to.deep.equal([
      "consumer display-pod-1",
      "subscribe from the end",
      "run without commits",
      "leave",
      "delete display-pod-1",
    ]);
  });

  it("begins anew when it can't connect, and when the client has given up", async () => {
    fake.refusals = [new Error("no route"), new Error("no route")];
    feed.start();
    await fake.running();
    expect(fake.calls.filter((call) => call.startsWith("consumer"))).to.have.length(3);
    fake.emit("consumer.crash", { error: new Error("it is over"), restart: false });
    await fake.running();
    expect(fake.calls.filter((call) => call.startsWith("consumer"))).to.have.length(4);
  });

  it("leaves it to the client to begin anew when that does so by itself", async () => {
    feed.start();
    await fake.running();
    fake.emit("consumer.crash", { error: new Error("no coordinator"), restart: true });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fake.calls).not.to.include("leave");
  });

  it("is connected while Kafka answers, and says since when it does not and why", async () => {
    feed.start();
    await fake.running();
    const since = "Kafka does not answer the server since 12:00:00 UTC";
    expect(state()).to.deep.equal({ kafka: "unreachable", problem: since });
    now += 60_000;
    fake.emit("consumer.fetch");
    expect(state()).to.deep.equal({ kafka: "connected", problem: null });
    now += 5999;
    expect(state()?.kafka).to.equal("connected");
    now += 1;
    fake.emit("consumer.crash", { error: new Error("no broker available"), restart: true });
    expect(state()).to.deep.equal({
      kafka: "unreachable",
      problem: "Kafka does not answer the server since 12:01:00 UTC: no broker available",
    });
    fake.emit("consumer.fetch");
    expect(state()).to.deep.equal({ kafka: "connected", problem: null });
  });

  it("says so when a topic is not there yet", async () => {
    feed.start();
    await fake.running();
    const missing = Object.assign(new Error("This server does not host this topic-partition"), {
      type: "UNKNOWN_TOPIC_OR_PARTITION",
    });
    fake.emit("consumer.crash", { error: missing, restart: true });
    expect(state()?.problem).to.equal(
      "Kafka does not answer the server since 12:00:00 UTC: not all topics are there yet: numbers, telemetry",
    );
  });
});
