import { expect } from "chai";
import { applyTopics, topicProblems, topicsSchema } from "../../../workloads/kafka/topics.ts";
import type { TopicAdmin } from "../../../workloads/kafka/topics.ts";

const declared = topicsSchema.parse([
  { name: "t", partitions: 3, replicationFactor: 1, config: { "retention.ms": 1000 } },
]);

/** A cluster that holds one topic with the given shape, or none, and notes the calls that change it. */
function fakeAdmin(existing?: { partitions: number; config: Record<string, string> }): {
  admin: TopicAdmin;
  calls: string[];
} {
  const calls: string[] = [];
  const note = (name: string, result: unknown) => (argument: unknown) => {
    calls.push(`${name} ${JSON.stringify(argument)}`);
    return Promise.resolve(result);
  };
  const partitions = Array.from({ length: existing?.partitions ?? 0 }, () => ({ replicas: [1] }));
  const configEntries = Object.entries(existing?.config ?? {}).map(([configName, configValue]) => ({
    configName,
    configValue,
    isDefault: false,
    configSource: 1,
  }));
  const admin = {
    listTopics: () => Promise.resolve(existing === undefined ? [] : ["t"]),
    fetchTopicMetadata: () => Promise.resolve({ topics: [{ name: "t", partitions }] }),
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
    expect(await applyTopics(admin, declared)).to.deep.equal(["topic t: created with 3 partitions"]);
    expect(calls).to.have.length(1);
    expect(calls[0]).to.contain('"numPartitions":3').and.to.contain('"value":"1000"');
  });

  it("changes nothing the second time", async () => {
    const { admin, calls } = fakeAdmin({ partitions: 3, config: { "retention.ms": "1000" } });
    expect(await applyTopics(admin, declared)).to.deep.equal([]);
    expect(calls).to.deep.equal([]);
  });

  it("adds partitions, alters settings and drops those that are no longer declared", async () => {
    const { admin } = fakeAdmin({ partitions: 1, config: { "retention.ms": "5", "cleanup.policy": "compact" } });
    expect(await applyTopics(admin, declared)).to.deep.equal([
      "topic t: 1 partitions became 3",
      "topic t: retention.ms is now 1000",
      "topic t: cleanup.policy is back at the cluster's default",
    ]);
  });

  it("refuses to shrink a topic and says the way out, before changing anything", async () => {
    const { admin, calls } = fakeAdmin({ partitions: 5, config: {} });
    const error = await applyTopics(admin, declared).catch((reason: unknown) => reason);
    expect(String(error)).to.contain("topic t has 5 partitions and can't be shrunk to 3: declare at least 5");
    expect(calls).to.deep.equal([]);
  });

  it("reports every problem at once", () => {
    expect(topicProblems(declared, [{ name: "t", partitions: 4, replicationFactor: 3 }])).to.have.length(2);
  });
});
