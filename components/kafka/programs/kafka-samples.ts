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

/** Readers that write down how far they are without being members of their group: streams of Spark, and jobs of Flink. */
const WITHOUT_MEMBERS = /^(spark|flink)-/;
/** What a stream of Spark writes beside its offset when its service was switched off. */
const isOff = (metadata: string | null): boolean => /"off":\s*true/.test(metadata ?? "");

/** What a stream of Spark says beside its offset of the records of a topic that are no good. */
function refusedOf(metadata: string | null): number | undefined {
  const [, number] = /"refused":\s*(\d+)/.exec(metadata ?? "") ?? [];
  return number === undefined ? undefined : Number(number);
}

/** @param only Topics that are looked at. @default - all but Kafka's own */
export async function kafkaSamples(admin: FigureSource, only?: readonly string[]): Promise<Sample[]> {
  const [{ brokers }, { topics }, { groups: listed }] = await Promise.all([
    admin.describeCluster(),
    admin.fetchTopicMetadata(),
    admin.listGroups(),
  ]);
  const people = topics.filter(({ name }) => (only === undefined ? !isOwn(name) : only.includes(name)));
  const seen = only === undefined ? topics : people;
  const ends = await Promise.all(people.map(async ({ name }) => [name, await admin.fetchTopicOffsets(name)] as const));
  const high = new Map(
    ends.flatMap(([topic, partitions]) => partitions.map((one) => [`${topic}/${one.partition}`, Number(one.high)])),
  );
  return [
    { name: "kafka_brokers", value: brokers.length },
    ...seen.flatMap(({ name: topic, partitions }) => [
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
  // Who has no members reads no more: nobody waits for it to catch up.
  const reads = (group: string): boolean =>
    WITHOUT_MEMBERS.test(group) || (described.find(({ groupId }) => groupId === group)?.members.length ?? 0) > 0;
  return [
    ...described.map(({ groupId, members }) => ({
      name: "kafka_consumergroup_members",
      labels: { consumergroup: groupId },
      value: members.length,
    })),
    ...offsets
      .filter(({ groupId }) => reads(groupId))
      .flatMap(({ groupId, topics }) =>
        topics.flatMap(({ topic, partitions }) => [
          ...refusedSamples(groupId, topic, partitions),
          ...partitions.flatMap(({ partition, offset, metadata }) => {
            const end = ends.get(`${topic}/${partition}`);
            // Kafka says -1 of what a group has not written down.
            if (Number(offset) < 0 || end === undefined || isOff(metadata)) return [];
            const labels = { consumergroup: groupId, topic, partition: String(partition) };
            return [
              { name: "kafka_consumergroup_current_offset", labels, value: Number(offset) },
              { name: "kafka_consumergroup_lag", labels, value: Math.max(0, end - Number(offset)) },
            ];
          }),
        ]),
      ),
  ];
}

function refusedSamples(group: string, topic: string, partitions: readonly { metadata: string | null }[]): Sample[] {
  const known = partitions.flatMap(({ metadata }) => (isOff(metadata) ? [] : (refusedOf(metadata) ?? [])));
  if (known.length === 0) return [];
  // Each partition says it of the whole topic, as it was when the partition was read last.
  return [{ name: "stream_refused_records_total", labels: { consumergroup: group, topic }, value: Math.max(...known) }];
}
