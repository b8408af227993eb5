/** What Kafka's admin client knows, as figures. */
import type { Admin } from "kafkajs";
import type { Sample } from "../../../platform/watching.ts";

/** What of the admin client is asked. */
export type FigureSource = Pick<
  Admin,
  "describeCluster" | "fetchTopicMetadata" | "fetchTopicOffsets" | "listGroups" | "describeGroups" | "fetchOffsets"
>;

/** Topics of Kafka's own. */
const isOwn = (topic: string): boolean => topic.startsWith("__");

export async function kafkaSamples(admin: FigureSource): Promise<Sample[]> {
  const [{ brokers }, { topics }, { groups: listed }] = await Promise.all([
    admin.describeCluster(),
    admin.fetchTopicMetadata(),
    admin.listGroups(),
  ]);
  const people = topics.filter(({ name }) => !isOwn(name));
  const ends = await Promise.all(people.map(async ({ name }) => [name, await admin.fetchTopicOffsets(name)] as const));
  const high = new Map(
    ends.flatMap(([topic, partitions]) => partitions.map((one) => [`${topic}/${one.partition}`, Number(one.high)])),
  );
  return [
    { name: "kafka_brokers", value: brokers.length },
    ...topics.flatMap(({ name: topic, partitions }) => [
      ...(isOwn(topic) ? [] : [{ name: "kafka_topic_partitions", labels: { topic }, value: partitions.length }]),
      ...partitions.map(({ partitionId, isr, replicas }) => ({
        name: "kafka_topic_partition_under_replicated_partition",
        labels: { topic, partition: String(partitionId) },
        value: Number(isr.length < replicas.length),
      })),
    ]),
    ...ends.flatMap(([topic, partitions]) =>
      partitions.flatMap(({ partition, low, high: end }) => {
        const labels = { topic, partition: String(partition) };
        return [
          { name: "kafka_topic_partition_current_offset", labels, value: Number(end) },
          { name: "kafka_topic_partition_oldest_offset", labels, value: Number(low) },
        ];
      }),
    ),
    ...(await groupSamples(
      admin,
      listed.filter(({ protocolType }) => protocolType !== "connect").map(({ groupId }) => groupId),
      high,
    )),
  ];
}

async function groupSamples(
  admin: FigureSource,
  groups: readonly string[],
  ends: ReadonlyMap<string, number>,
): Promise<Sample[]> {
  if (groups.length === 0) return [];
  const [{ groups: described }, offsets] = await Promise.all([
    admin.describeGroups([...groups]),
    Promise.all(groups.map(async (groupId) => ({ groupId, topics: await admin.fetchOffsets({ groupId }) }))),
  ]);
  return [
    ...described.map(({ groupId, members }) => ({
      name: "kafka_consumergroup_members",
      labels: { consumergroup: groupId },
      value: members.length,
    })),
    ...offsets.flatMap(({ groupId, topics }) =>
      topics.flatMap(({ topic, partitions }) =>
        partitions.flatMap(({ partition, offset }) => {
          const end = ends.get(`${topic}/${partition}`);
          // Kafka says -1 of what a group has not written down.
          if (Number(offset) < 0 || end === undefined) return [];
          const labels = { consumergroup: groupId, topic, partition: String(partition) };
          return [
            { name: "kafka_consumergroup_current_offset", labels, value: Number(offset) },
            { name: "kafka_consumergroup_lag", labels, value: Math.max(0, end - Number(offset)) },
          ];
        }),
      ),
    ),
  ];
}
