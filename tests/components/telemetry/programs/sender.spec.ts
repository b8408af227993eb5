import { expect } from "chai";
import type { KafkaMessage } from "../../../../components/telemetry/programs/record.ts";
import { Sender } from "../../../../components/telemetry/programs/sender.ts";

const messages = (from: number, to: number): KafkaMessage[] =>
  Array.from({ length: to - from }, (_, index) => ({ key: "n", value: String(from + index), headers: {} }));

describe("sender", () => {
  it("tries the same batch again until the broker is back, and says so", async () => {
    const tries: string[][] = [];
    const lines: string[] = [];
    const sender = new Sender({
      log: (line) => lines.push(line),
      backoffMs: { first: 1, last: 2 },
      batchSize: 2,
      deliver: (batch) => {
        tries.push(batch.map(({ value }) => String(value)));
        return tries.length < 3 ? Promise.reject(new Error("broker away")) : Promise.resolve();
      },
    });
    sender.push(messages(0, 3));
    sender.close();
    await sender.run(new AbortController().signal);
    expect(tries).to.deep.equal([["0", "1"], ["0", "1"], ["0", "1"], ["2"]]);
    expect(sender.sent).to.equal(3);
    expect(lines[0]).to.equal("try 1: broker away; 3 records wait, again in 1 ms");
    expect(lines[2]).to.contain("broker is back");
  });

  it("drops the oldest records beyond its capacity and counts them", async () => {
    const delivered: string[] = [];
    const lines: string[] = [];
    const sender = new Sender({
      log: (line) => lines.push(line),
      capacity: 2,
      deliver: (batch) => {
        delivered.push(...batch.map(({ value }) => String(value)));
        return Promise.resolve();
      },
    });
    sender.push(messages(0, 4));
    sender.push(messages(4, 5));
    expect(sender.dropped).to.equal(3);
    expect(lines).to.deep.equal(["queue full: the oldest records make room, 2 were dropped so far"]);
    sender.close();
    await sender.run(new AbortController().signal);
    expect(delivered).to.deep.equal(["3", "4"]);
  });

  it("ends at once when it is told to stop while the broker is away", async () => {
    const stop = new AbortController();
    const sender = new Sender({ log: () => undefined, deliver: () => Promise.reject(new Error("away")) });
    sender.push(messages(0, 1));
    setTimeout(() => {
      stop.abort();
    }, 20);
    await sender.run(stop.signal);
    expect(sender.sent).to.equal(0);
    expect(sender.waiting).to.equal(1);
  });

  it("waits for records and sends them when they come", async () => {
    const sender = new Sender({ log: () => undefined, deliver: () => Promise.resolve() });
    const done = sender.run(new AbortController().signal);
    setTimeout(() => {
      sender.push(messages(0, 4));
      sender.close();
    }, 10);
    await done;
    expect(sender.sent).to.equal(4);
  });

  describe("that is told to let records gather", () => {
    const batches: number[] = [];
    let arrived = Promise.withResolvers<undefined>();
    const sender = (lingerMs: number): Sender =>
      new Sender({
        log: () => undefined,
        lingerMs,
        batchSize: 3,
        deliver: (batch) => {
          batches.push(batch.length);
          arrived.resolve(undefined);
          return Promise.resolve();
        },
      });
    beforeEach(() => {
      batches.length = 0;
      arrived = Promise.withResolvers();
    });

    it("sends what has come within that time in one batch", async () => {
      const gathering = sender(20);
      const done = gathering.run(new AbortController().signal);
      gathering.push(messages(0, 1));
      await Promise.resolve();
      gathering.push(messages(1, 2));
      await arrived.promise;
      gathering.close();
      await done;
      expect(batches).to.deep.equal([2]);
    });

    it("sends full batches at once, and what is left when it is closed", async () => {
      const gathering = sender(600_000);
      const stop = new AbortController();
      const done = gathering.run(stop.signal);
      gathering.push(messages(0, 6));
      await arrived.promise;
      gathering.push(messages(6, 7));
      gathering.close();
      await done;
      expect(batches).to.deep.equal([3, 3, 1]);
    });
  });
});
