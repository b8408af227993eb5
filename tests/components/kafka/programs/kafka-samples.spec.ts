import { expect } from "chai";
import { type FigureSource, kafkaSamples } from "../../../../components/kafka/programs/kafka-samples.ts";

describe("Kafka's figures", () => {
  const partition = (partitionId: number, isr: number[]) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 0,
    replicas: [0, 1],
    isr,
    offlineReplicas: [],
  });
  const admin = {
    describeCluster: () => Promise.resolve({ brokers: [{}, {}] }),
    fetchTopicMetadata: () =>
      Promise.resolve({
        topics: [
          { name: "telemetry", partitions: [partition(0, [0, 1]), partition(1, [0])] },
          { name: "__consumer_offsets", partitions: [partition(0, [0])] },
        ],
      }),
    fetchTopicOffsets: () =>
      Promise.resolve([
        { partition: 0, offset: "10", high: "10", low: "2" },
        { partition: 1, offset: "5", high: "5", low: "0" },
      ]),
    listGroups: () =>
      Promise.resolve({
        groups: [
          { groupId: "spark-lake", protocolType: "consumer" },
          { groupId: "reads", protocolType: "consumer" },
          { groupId: "read-once", protocolType: "consumer" },
          { groupId: "workers", protocolType: "connect" },
        ],
      }),
    describeGroups: (ids: string[]) =>
      Promise.resolve({
        groups: ids.map((groupId) => ({ groupId, members: groupId === "reads" ? [{}] : [] })),
      }),
    fetchOffsets: () =>
      Promise.resolve([
        {
          topic: "telemetry",
          partitions: [
            { partition: 0, offset: "7", metadata: '{"batch": {}, "refused": 4}' },
            { partition: 1, offset: "-1", metadata: null },
            { partition: 1, offset: "3", metadata: '{"off":true}' },
          ],
        },
      ]),
  } as unknown as FigureSource;

  it("are offsets, lags, copies and members, of people's topics and of readers", async () => {
    const samples = await kafkaSamples(admin);
    expect(
      samples.map(({ name, labels = {}, value }) => [name, ...Object.values(labels), value].join(" ")),
    ).to.deep.equal([
      "kafka_brokers 2",
      "kafka_topic_partitions telemetry 2",
      "kafka_topic_partition_under_replicated_partition telemetry 0 0",
      "kafka_topic_partition_under_replicated_partition telemetry 1 1",
      "kafka_topic_partition_under_replicated_partition __consumer_offsets 0 1",
      "kafka_topic_partition_current_offset telemetry 0 10",
      "kafka_topic_partition_oldest_offset telemetry 0 2",
      "kafka_topic_partition_current_offset telemetry 1 5",
      "kafka_topic_partition_oldest_offset telemetry 1 0",
      "kafka_consumergroup_members spark-lake 0",
      "kafka_consumergroup_members reads 1",
      "kafka_consumergroup_members read-once 0",
      ...["spark-lake", "reads"].flatMap((group) => [
        `stream_refused_records_total ${group} telemetry 4`,
        `kafka_consumergroup_current_offset ${group} telemetry 0 7`,
        `kafka_consumergroup_lag ${group} telemetry 0 3`,
      ]),
    ]);
  });

  it("are of the platform's topics only, where others use the cluster, too", async () => {
    const topics = (await kafkaSamples(admin, ["telemetry"])).map(({ labels }) => labels?.["topic"]);
    expect([...new Set(topics)].filter(Boolean)).to.deep.equal(["telemetry"]);
    expect((await kafkaSamples(admin, [])).map(({ name }) => name)).to.not.include("kafka_consumergroup_lag");
  });
});
