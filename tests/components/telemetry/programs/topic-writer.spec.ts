import { expect } from "chai";
import type { KafkaMessage } from "../../../../components/telemetry/programs/record.ts";
import { type BatchProducer, TopicWriter } from "../../../../components/telemetry/programs/topic-writer.ts";

const batch: KafkaMessage[] = [{ key: "k", value: "v", headers: {} }];

/** Producers that note what is asked of them, by the order in which they were made. */
function writer(problems: readonly (Error | undefined)[]): { writer: TopicWriter; calls: string[] } {
  const calls: string[] = [];
  let made = 0;
  let sends = 0;
  const make = (): BatchProducer => {
    const name = `producer ${++made}`;
    return {
      connect: () => Promise.resolve(void calls.push(`${name} connects`)),
      disconnect: () => Promise.resolve(void calls.push(`${name} disconnects`)),
      send: ({ topic, acks, messages }) => {
        calls.push(`${name} sends ${messages.length} to ${topic} with acks ${String(acks)}`);
        const problem = problems[sends++];
        return problem === undefined ? Promise.resolve([]) : Promise.reject(problem);
      },
    };
  };
  return { writer: new TopicWriter("t", make), calls };
}

const tries = async (on: TopicWriter, times: number): Promise<void> => {
  for (let index = 0; index < times; index++) await on.write(batch).catch(() => undefined);
};

describe("topic writer", () => {
  it("connects before the first batch and not again, and waits for all replicas", async () => {
    const made = writer([]);
    await tries(made.writer, 2);
    await made.writer.close();
    expect(made.calls).to.deep.equal([
      "producer 1 connects",
      "producer 1 sends 1 to t with acks -1",
      "producer 1 sends 1 to t with acks -1",
      "producer 1 disconnects",
    ]);
  });

  it("keeps its producer after an ordinary error, so that a repetition is known as one", async () => {
    const made = writer([new Error("broker away")]);
    await tries(made.writer, 2);
    expect(made.calls.filter((call) => call.includes("connects"))).to.deep.equal(["producer 1 connects"]);
  });

  it("takes another producer when the broker has forgotten this one", async () => {
    const made = writer([Object.assign(new Error("no such producer"), { type: "UNKNOWN_PRODUCER_ID" })]);
    await tries(made.writer, 2);
    expect(made.calls.slice(2)).to.deep.equal([
      "producer 1 disconnects",
      "producer 2 connects",
      "producer 2 sends 1 to t with acks -1",
    ]);
  });

  it("hands the error on", async () => {
    const made = writer([new Error("broker away")]);
    const words = await made.writer.write(batch).catch((error: unknown) => (error as Error).message);
    expect(words).to.equal("broker away");
  });
});
