import { expect } from "chai";
import type { Kafka } from "kafkajs";
import { Rejected } from "../../../../components/nifi/programs/rejected.ts";

interface Message {
  readonly partition: number;
  readonly message: { readonly offset: string; readonly value: Buffer; readonly timestamp: string };
}

describe("what counts rejected lines", () => {
  const line = (offset: number, value: string): Message => ({
    partition: 0,
    message: { offset: String(offset), value: Buffer.from(value), timestamp: String(Date.UTC(2026, 10, 29)) },
  });
  /** Kafka that gives these messages at once, and what is asked of it. */
  const giving = (messages: readonly Message[]) => {
    const asked: unknown[] = [];
    const consumer = {
      on: () => undefined,
      connect: () => Promise.resolve(),
      disconnect: () => Promise.resolve(),
      subscribe: (what: unknown) => {
        asked.push(what);
        return Promise.resolve();
      },
      run: async ({ eachMessage }: { eachMessage: (message: Message) => Promise<void> }) => {
        for (const message of messages) await eachMessage(message);
      },
    };
    return { asked, kafka: { consumer: () => consumer } as unknown as Pick<Kafka, "consumer"> };
  };
  const reading = async (messages: readonly Message[]) => {
    const { asked, kafka } = giving(messages);
    const rejected = new Rejected({ kafka, topic: "nifi-rejected", log: () => undefined });
    expect(rejected.report).to.deep.equal({ count: null });
    const stop = new AbortController();
    const read = rejected.read(stop.signal);
    await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort();
    await read;
    expect(asked).to.deep.equal([{ topic: "nifi-rejected", fromBeginning: true }]);
    return rejected.report;
  };

  it("knows that there are none", async () => {
    expect(await reading([])).to.deep.equal({ count: 0 });
  });

  it("leaves the proof's own lines out", async () => {
    const own = line(
      1,
      '{"error":"not JSON","source":"post of 10.0.0.1","value":"{\\"run\\":\\"proof-1795953689409-f6811f16-nifi\\""}',
    );
    expect(await reading([own])).to.deep.equal({ count: 0 });
  });

  it("counts each once, whatever is read again, and tells the last one", async () => {
    const one = line(4, '{"error":"not JSON","source":"s3://intake/drop/a","line":3,"value":"{"}');
    const two = line(6, '{"error":"too big: 9 bytes, allowed 4","source":"post of 10.0.0.1"}');
    expect(await reading([one, two, one, two])).to.deep.equal({
      count: 2,
      last: "too big: 9 bytes, allowed 4 (post of 10.0.0.1)",
      lastAt: "2026-11-29T00:00:00.000Z",
    });
    expect((await reading([one])).last).to.equal("not JSON (s3://intake/drop/a, line 3)");
    expect((await reading([line(1, "no JSON")])).last).to.equal("no JSON");
  });
});
