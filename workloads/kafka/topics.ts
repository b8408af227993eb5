/** Declared topics, and the steps from what a cluster holds to them. */
// Not among the names that Node finds in a CommonJS module, so it is taken from the whole.
import kafkajs from "kafkajs";
import type { Admin } from "kafkajs";
import { z } from "zod";

export const topicsSchema = z.array(
  z.strictObject({
    name: z.string().regex(/^[A-Za-z0-9._-]{1,249}$/),
    partitions: z.int().min(1).max(10_000),
    replicationFactor: z.int().min(1).max(15),
    /** Topic settings by Kafka's names; others keep the cluster's defaults. */
    config: z.record(z.string(), z.coerce.string()).default({}),
  }),
);

export type Topic = z.infer<typeof topicsSchema>[number];

/** A topic as the cluster has it. */
export interface ExistingTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
}

/** The calls of kafkajs' admin client that are needed. */
export type TopicAdmin = Pick<
  Admin,
  "listTopics" | "fetchTopicMetadata" | "createTopics" | "createPartitions" | "describeConfigs" | "alterConfigs"
>;

/** What is asked of Kafka that it can't do, in words. */
export function topicProblems(topics: readonly Topic[], existing: readonly ExistingTopic[]): string[] {
  return topics.flatMap(({ name, partitions, replicationFactor }) => {
    const found = existing.find((topic) => topic.name === name);
    if (found === undefined) return [];
    const problems: string[] = [];
    if (partitions < found.partitions) {
      problems.push(
        `topic ${name} has ${found.partitions} partitions and can't be shrunk to ${partitions}: ` +
          `declare at least ${found.partitions}, or use a new topic`,
      );
    }
    if (replicationFactor !== found.replicationFactor) {
      problems.push(
        `topic ${name} has replication factor ${found.replicationFactor}, not ${replicationFactor}: ` +
          "moving replicas is left to kafka-reassign-partitions.sh",
      );
    }
    return problems;
  });
}

/**
 * @returns what was changed, a line each
 * @throws {Error} with all problems, before anything is changed
 */
export async function applyTopics(admin: TopicAdmin, topics: readonly Topic[]): Promise<string[]> {
  const existing = await existingTopics(admin, topics);
  const problems = topicProblems(topics, existing);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const changes: string[] = [];
  for (const topic of topics) {
    const found = existing.find(({ name }) => name === topic.name);
    if (found === undefined) {
      await create(admin, topic);
      changes.push(`topic ${topic.name}: created with ${topic.partitions} partitions`);
      continue;
    }
    if (topic.partitions > found.partitions) {
      await admin.createPartitions({ topicPartitions: [{ topic: topic.name, count: topic.partitions }] });
      changes.push(`topic ${topic.name}: ${found.partitions} partitions became ${topic.partitions}`);
    }
    changes.push(...(await applyConfig(admin, topic)));
  }
  return changes;
}

async function existingTopics(admin: TopicAdmin, topics: readonly Topic[]): Promise<ExistingTopic[]> {
  const names = new Set(await admin.listTopics());
  const wanted = topics.map(({ name }) => name).filter((name) => names.has(name));
  if (wanted.length === 0) return [];
  const metadata = await admin.fetchTopicMetadata({ topics: wanted });
  return metadata.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.length,
    replicationFactor: partitions[0]?.replicas.length ?? 0,
  }));
}

async function create(admin: TopicAdmin, topic: Topic): Promise<void> {
  await admin.createTopics({
    waitForLeaders: true,
    topics: [
      {
        topic: topic.name,
        numPartitions: topic.partitions,
        replicationFactor: topic.replicationFactor,
        configEntries: entriesOf(topic.config),
      },
    ],
  });
}

/** Settings that are set on the topic but not declared go back to the cluster's defaults. */
async function applyConfig(admin: TopicAdmin, topic: Topic): Promise<string[]> {
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  const described = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type, name: topic.name }] });
  const entries = described.resources[0]?.configEntries ?? [];
  const current = new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  const setOnTopic = entries.filter((entry) => isSetOnTopic(entry)).map(({ configName }) => configName);
  const changed = Object.entries(topic.config).filter(([name, value]) => current.get(name) !== value);
  const dropped = setOnTopic.filter((name) => !(name in topic.config));
  if (changed.length === 0 && dropped.length === 0) return [];
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type, name: topic.name, configEntries: entriesOf(topic.config) }],
  });
  return [
    ...changed.map(([name, value]) => `topic ${topic.name}: ${name} is now ${value}`),
    ...dropped.map((name) => `topic ${topic.name}: ${name} is back at the cluster's default`),
  ];
}

/** Kafka's source 1: a setting of the topic itself, neither the broker's nor a default. */
const dynamicTopicConfig: number = 1;

function isSetOnTopic(entry: { readonly configSource?: number; readonly isDefault: boolean }): boolean {
  return entry.configSource === undefined ? !entry.isDefault : entry.configSource === dynamicTopicConfig;
}

function entriesOf(config: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(config).map(([name, value]) => ({ name, value }));
}
