import { expect } from "chai";
import { raiseCopies, raisingMoves, type ReplicaAdmin } from "../../../../components/kafka/programs/replicas.ts";

describe("copies of topics", () => {
  const alone = [0, 1, 2, 3].map((partition) => ({ topic: "t", partition, replicas: [0] }));

  it("come to all brokers, each of which is preferred for its share", () => {
    expect(raisingMoves(alone, [0, 1, 2], new Map([["t", 3]])).map(({ replicas }) => replicas)).to.deep.equal([
      [0, 1, 2],
      [1, 2, 0],
      [2, 0, 1],
      [0, 1, 2],
    ]);
  });

  it("go to the brokers that have fewest, and stay where they are", () => {
    const moves = raisingMoves(alone, [0, 1, 2], new Map([["t", 2]]));
    expect(moves.map(({ replicas }) => [...replicas].sort())).to.deep.equal([
      [0, 1],
      [0, 2],
      [0, 1],
      [0, 2],
    ]);
  });

  it("are left alone where there are enough, or where nobody asked", () => {
    expect(raisingMoves(alone, [0, 1, 2], new Map([["t", 1]]))).to.deep.equal([]);
    expect(raisingMoves(alone, [0, 1, 2], new Map([["u", 3]]))).to.deep.equal([]);
  });

  /** Topic `t`, one partition on broker 0, whose move ends after so many looks; `Infinity`: never. */
  function admin(looks: number): { admin: ReplicaAdmin; asked: unknown[] } {
    const asked: unknown[] = [];
    let left = 0;
    return {
      asked,
      admin: {
        describeCluster: () => Promise.resolve({ brokers: [0, 1].map((nodeId) => ({ nodeId, host: "", port: 0 })) }),
        fetchTopicMetadata: () =>
          Promise.resolve({ topics: [{ name: "t", partitions: [{ partitionId: 0, replicas: [0] }] }] }),
        alterPartitionReassignments: (request: unknown) => {
          asked.push(request);
          left = looks;
          return Promise.resolve();
        },
        listPartitionReassignments: () => {
          const topics = left > 0 ? [{ topic: "t", partitions: [{ partitionIndex: 0, replicas: [0, 1] }] }] : [];
          left -= 1;
          return Promise.resolve({ topics });
        },
      } as unknown as ReplicaAdmin,
    };
  }

  it("are waited for, with what is left in words", async () => {
    const lines: string[] = [];
    const fake = admin(3);
    const options = { log: (line: string) => lines.push(line), pauseMilliseconds: 1 };
    expect(await raiseCopies(fake.admin, new Map([["t", 2]]), options)).to.deep.equal([
      "topic t: 1 partitions now have 2 copies",
    ]);
    expect(lines).to.deep.equal(["copying partitions to other brokers: 1 of 1 left"]);
    expect(fake.asked).to.deep.equal([
      { topics: [{ topic: "t", partitionAssignment: [{ partition: 0, replicas: [0, 1] }] }] },
    ]);
  });

  it("that do not arrive end with words", async () => {
    const options = { log: (): void => undefined, pauseMilliseconds: 1, idleSeconds: 0.02 };
    const error = await raiseCopies(admin(Infinity).admin, new Map([["t", 2]]), options).catch(
      (reason: unknown) => reason,
    );
    expect(String(error)).to.contain("1 of 1 partitions did not reach their new brokers, none for 0.02 s");
  });
});
