import { expect } from "chai";
import {
  applyTopics,
  raiseInternalTopics,
  topicProblems,
  topicsSchema,
} from "../../../../components/kafka/programs/topics.ts";
import type { TopicAdmin } from "../../../../components/kafka/programs/topics.ts";

const declared = topicsSchema.parse([
  { name: "t", partitions: 3, replicationFactor: 1, config: { "retention.ms": 1000 } },
]);

const options = { log: (): void => undefined };

/** A cluster that holds one topic with the given shape, or none, and notes the calls that change it. */
function fakeAdmin(existing?: {
  partitions: number;
  config: Record<string, string>;
  name?: string;
  brokers?: number[];
  replicas?: number[];
}): {
  admin: TopicAdmin;
  calls: string[];
} {
  const calls: string[] = [];
  const note = (name: string, result: unknown) => (argument: unknown) => {
    calls.push(`${name} ${JSON.stringify(argument)}`);
    return Promise.resolve(result);
  };
  const partitions = Array.from({ length: existing?.partitions ?? 0 }, (_, partitionId) => ({
    partitionId,
    replicas: existing?.replicas ?? [1],
  }));
  const name = existing?.name ?? "t";
  const brokers = (existing?.brokers ?? [1]).map((nodeId) => ({ nodeId, host: "", port: 0 }));
  const configEntries = Object.entries(existing?.config ?? {}).map(([configName, configValue]) => ({
    configName,
    configValue,
    isDefault: false,
    configSource: 1,
  }));
  const admin = {
    listTopics: () => Promise.resolve(existing === undefined ? [] : [name]),
    fetchTopicMetadata: () => Promise.resolve({ topics: [{ name, partitions }] }),
    describeCluster: () => Promise.resolve({ brokers }),
    listPartitionReassignments: () => Promise.resolve({ topics: [] }),
    alterPartitionReassignments: note("move", undefined),
    describeConfigs: () => Promise.resolve({ resources: [{ configEntries }] }),
    createTopics: note("create", true),
    createPartitions: note("partitions", true),
    alterConfigs: note("alter", undefined),
  };
  return { admin: admin as unknown as TopicAdmin, calls };
}

describe("topics", () => {
  it("creates a topic that is not there", async () => {
    const { admin, calls } = fakeAdmin();
    expect(await applyTopics(admin, declared, options)).to.deep.equal(["topic t: created with 3 partitions"]);
    expect(calls).to.have.length(1);
    expect(calls[0]).to.contain('"numPartitions":3').and.to.contain('"value":"1000"');
  });

  it("changes nothing the second time", async () => {
    const { admin, calls } = fakeAdmin({ partitions: 3, config: { "retention.ms": "1000" } });
    expect(await applyTopics(admin, declared, options)).to.deep.equal([]);
    expect(calls).to.deep.equal([]);
  });

  it("adds partitions, alters settings and drops those that are no longer declared", async () => {
    const { admin } = fakeAdmin({ partitions: 1, config: { "retention.ms": "5", "cleanup.policy": "compact" } });
    expect(await applyTopics(admin, declared, options)).to.deep.equal([
      "topic t: 1 partitions became 3",
      "topic t: retention.ms is now 1000",
      "topic t: cleanup.policy is back at the cluster's default",
    ]);
  });

  it("refuses to shrink a topic and says the way out, before changing anything", async () => {
    const { admin, calls } = fakeAdmin({ partitions: 5, config: {} });
    const error = await applyTopics(admin, declared, options).catch((reason: unknown) => reason);
    expect(String(error)).to.contain("topic t has 5 partitions and can't be shrunk to 3: declare at least 5");
    expect(calls).to.deep.equal([]);
  });

  it("reports every problem at once", () => {
    const many = topicsSchema.parse([{ name: "t", partitions: 3, replicationFactor: 3 }]);
    expect(topicProblems(many, [{ name: "t", partitions: 4, replicationFactor: 1 }], 1)).to.deep.equal([
      "topic t has 4 partitions and can't be shrunk to 3: declare at least 4, or use a new topic",
      "topic t can't have 3 copies on 1 broker: declare fewer, or add brokers",
    ]);
  });

  it("raises the copies of a topic that is there", async () => {
    const { admin, calls } = fakeAdmin({ partitions: 2, config: {}, brokers: [2, 0, 1], replicas: [0] });
    const wanted = topicsSchema.parse([{ name: "t", partitions: 2, replicationFactor: 3 }]);
    expect(await applyTopics(admin, wanted, options)).to.deep.equal(["topic t: 2 partitions now have 3 copies"]);
    expect(calls).to.deep.equal([
      'move {"topics":[{"topic":"t","partitionAssignment":[{"partition":0,"replicas":[0,1,2]},' +
        '{"partition":1,"replicas":[1,2,0]}]}]}',
    ]);
  });

  it("takes no copy away, and says so", async () => {
    const { admin, calls } = fakeAdmin({ partitions: 3, config: { "retention.ms": "1000" }, replicas: [0, 1, 2] });
    const lines: string[] = [];
    expect(await applyTopics(admin, declared, { log: (line) => lines.push(line) })).to.deep.equal([]);
    expect(lines).to.deep.equal(["topic t: keeps its 3 copies, which are more than asked for"]);
    expect(calls).to.deep.equal([]);
  });

  it("gives Kafka's own topics as many copies as new ones get, and keeps their other settings", async () => {
    const config = { "cleanup.policy": "compact", "min.insync.replicas": "1" };
    const name = "__transaction_state";
    const { admin, calls } = fakeAdmin({ name, partitions: 1, config, brokers: [0, 1, 2], replicas: [0] });
    expect(await raiseInternalTopics(admin, 3, options)).to.deep.equal([
      "topic __transaction_state: 1 partitions now have 3 copies",
      "topic __transaction_state: min.insync.replicas is now 2",
    ]);
    expect(calls[1]).to.contain(
      '{"name":"cleanup.policy","value":"compact"},{"name":"min.insync.replicas","value":"2"}',
    );
  });

  it("changes nothing in Kafka's own topics the second time", async () => {
    const config = { "min.insync.replicas": "2" };
    const name = "__transaction_state";
    const { admin, calls } = fakeAdmin({ name, partitions: 1, config, brokers: [0, 1, 2], replicas: [0, 2, 1] });
    expect(await raiseInternalTopics(admin, 3, options)).to.deep.equal([]);
    expect(calls).to.deep.equal([]);
  });
});
