import { expect } from "chai";
import {
  MarkedFailure,
  type MarkedOptions,
  MarkedSender,
} from "../../../../components/random-numbers/programs/marked.ts";
import type { MarkedOrder } from "../../../../components/random-numbers/programs/order.ts";
import type { KafkaMessage } from "../../../../components/telemetry/programs/record.ts";

const order = (run: string, values: number[] = [1, 2], poison: string[] = []): MarkedOrder => ({
  run,
  metric: "uniform",
  values,
  poison,
});

class FakeTopic {
  readonly batches: (readonly KafkaMessage[])[] = [];
  renewed = 0;
  fails: (batch: readonly KafkaMessage[]) => string | undefined = () => undefined;

  sender(options: Partial<MarkedOptions> = {}): MarkedSender {
    return new MarkedSender({
      node: "pump-1",
      write: async (batch) => {
        await Promise.resolve();
        const problem = this.fails(batch);
        if (problem !== undefined) throw new Error(problem);
        this.batches.push(batch);
      },
      renew: () => {
        this.renewed++;
        return Promise.resolve();
      },
      ...options,
    });
  }

  get messages(): KafkaMessage[] {
    return this.batches.flat();
  }
}

const failureOf = async (task: Promise<unknown>): Promise<string> => {
  const error: unknown = await task.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(MarkedFailure);
  return (error as Error).message;
};

describe("marked numbers", () => {
  it("become records of the run in the order of the values, and poison goes as it is under the run's header", async () => {
    const topic = new FakeTopic();
    const sender = topic.sender();
    const records = await sender.send(order("r", [0.5, -1], ["no json"]));
    expect(records.map(({ value }) => value)).to.deep.equal([0.5, -1]);
    expect(new Set(records.map(({ id }) => id)).size).to.equal(2);
    for (const record of records) {
      expect(record).to.include({ run: "r", source: "random-numbers", node: "pump-1", metric: "uniform" });
    }
    expect(topic.messages.map(({ value }) => value)).to.deep.equal([
      ...records.map((record) => JSON.stringify(record)),
      "no json",
    ]);
    for (const { headers } of topic.messages) expect(headers).to.deep.equal({ "millrace-run": "r" });
    expect(sender.sent).to.equal(2);
  });

  it("go in requests of bounded size, a large poison alone", async () => {
    const topic = new FakeTopic();
    await topic.sender().send(order("r", Array<number>(10_000).fill(1), ["x".repeat(2_000_000), "y"]));
    expect(topic.messages).to.have.length(10_002);
    const sizes = topic.batches.map((batch) => batch.reduce((sum, { value }) => sum + (value ?? "").length, 0));
    expect(sizes.filter((size) => size > 512 * 1024)).to.deep.equal([2_000_000]);
  });

  it("are sent order by order", async () => {
    const topic = new FakeTopic();
    const sender = topic.sender();
    await Promise.all([sender.send(order("a", Array<number>(5000).fill(1))), sender.send(order("b"))]);
    const runs = topic.messages.map(({ headers }) => headers["millrace-run"]);
    expect(runs.lastIndexOf("a")).to.equal(4999);
    expect(runs.indexOf("b")).to.equal(5000);
  });

  it("fail with what was acknowledged and why, and the next order starts anew", async () => {
    const topic = new FakeTopic();
    const sender = topic.sender();
    topic.fails = (batch) => (batch.some(({ value }) => value === "y") ? "broker away" : undefined);
    const words = await failureOf(sender.send(order("r", [1], ["x".repeat(600_000), "y"])));
    expect(words).to.contain("Kafka acknowledged 2 of 3 messages: broker away; more of them may be there all the same");
    expect(topic.renewed).to.equal(1);
    expect(sender.sent).to.equal(0);
    expect(await sender.send(order("s"))).to.have.length(2);
    expect(topic.renewed).to.equal(1);
  });

  it("fail when Kafka does not answer in time", async () => {
    const sender = new FakeTopic().sender({ limitMs: 20, write: () => Promise.withResolvers<undefined>().promise });
    expect(await failureOf(sender.send(order("r")))).to.contain(
      "Kafka acknowledged 0 of 2 messages: no answer within 0.02 s",
    );
  });

  it("are refused when too many orders wait, and taken again later", async () => {
    const sender = new FakeTopic().sender({ mostWaiting: 1 });
    const taken = [sender.send(order("a")), sender.send(order("b"))];
    expect(await failureOf(sender.send(order("c")))).to.equal(
      "1 orders wait already; nothing of this one was sent, try again later",
    );
    await Promise.all(taken);
    expect(await sender.send(order("d"))).to.have.length(2);
  });
});
