/** Declared topics, and the steps from what a cluster holds to them. */
// Not among the names that Node finds in a CommonJS module, so it is taken from the whole.
import kafkajs from "kafkajs";
import type { Admin, DescribeConfigResponse } from "kafkajs";
import { z } from "zod";
import { raiseCopies, type RaiseOptions, type ReplicaAdmin } from "./replicas.ts";

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
export type TopicAdmin = ReplicaAdmin &
  Pick<Admin, "listTopics" | "createTopics" | "createPartitions" | "describeConfigs" | "alterConfigs">;

/** What is asked of Kafka that it can't do, in words. */
export function topicProblems(topics: readonly Topic[], existing: readonly ExistingTopic[], brokers: number): string[] {
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
    if (replicationFactor > brokers) {
      problems.push(
        `topic ${name} can't have ${replicationFactor} copies on ${brokers} ${brokers === 1 ? "broker" : "brokers"}: ` +
          "declare fewer, or add brokers",
      );
    }
    return problems;
  });
}

/**
 * @returns what was changed, a line each
 * @throws {Error} with all problems, before anything is changed
 */
export async function applyTopics(
  admin: TopicAdmin,
  topics: readonly Topic[],
  options: RaiseOptions,
): Promise<string[]> {
  const existing = await existingTopics(admin, topics);
  const problems = topicProblems(topics, existing, (await admin.describeCluster()).brokers.length);
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
    if (topic.replicationFactor < found.replicationFactor) {
      options.log(`topic ${topic.name}: keeps its ${found.replicationFactor} copies, which are more than asked for`);
    }
  }
  const copies = new Map(topics.map(({ name, replicationFactor }) => [name, replicationFactor]));
  return [...changes, ...(await raiseCopies(admin, copies, options))];
}

/** Topics of Kafka's own; those of transactions and share groups also keep a number of copies in sync of their own. */
const internalTopics = ["__consumer_offsets", "__transaction_state", "__share_group_state"];

/**
 * Gives Kafka's own topics as many copies as the brokers now make new ones with.
 * @param copies Copies that Kafka's own topics shall have.
 * @returns what was changed, a line each
 */
export async function raiseInternalTopics(admin: TopicAdmin, copies: number, options: RaiseOptions): Promise<string[]> {
  const there = await admin.listTopics();
  const names = internalTopics.filter((name) => there.includes(name));
  const changes = await raiseCopies(admin, new Map(names.map((name) => [name, copies])), options);
  const inSync = copies >= 3 ? 2 : 1;
  for (const name of names) {
    const entries = await configEntries(admin, name);
    const own = entries.filter((entry) => isSetOnTopic(entry));
    const current = own.find(({ configName }) => configName === "min.insync.replicas")?.configValue;
    if (current === undefined || Number(current) >= inSync) continue;
    const config = Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]));
    await alterConfig(admin, name, { ...config, "min.insync.replicas": String(inSync) });
    changes.push(`topic ${name}: min.insync.replicas is now ${inSync}`);
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
  const entries = await configEntries(admin, topic.name);
  const current = new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  const setOnTopic = entries.filter((entry) => isSetOnTopic(entry)).map(({ configName }) => configName);
  const changed = Object.entries(topic.config).filter(([name, value]) => current.get(name) !== value);
  const dropped = setOnTopic.filter((name) => !(name in topic.config));
  if (changed.length === 0 && dropped.length === 0) return [];
  await alterConfig(admin, topic.name, topic.config);
  return [
    ...changed.map(([name, value]) => `topic ${topic.name}: ${name} is now ${value}`),
    ...dropped.map((name) => `topic ${topic.name}: ${name} is back at the cluster's default`),
  ];
}

type ConfigEntry = DescribeConfigResponse["resources"][number]["configEntries"][number];

export async function configEntries(admin: Pick<Admin, "describeConfigs">, name: string): Promise<ConfigEntry[]> {
  const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }];
  const described = await admin.describeConfigs({ includeSynonyms: false, resources });
  return described.resources[0]?.configEntries ?? [];
}

/** Everything that is set on the topic: what is not named goes back to the cluster's default. */
export async function alterConfig(
  admin: Pick<Admin, "alterConfigs">,
  name: string,
  config: Readonly<Record<string, string>>,
): Promise<void> {
  const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries: entriesOf(config) }];
  await admin.alterConfigs({ validateOnly: false, resources });
}

/** Kafka's source 1: a setting of the topic itself, neither the broker's nor a default. */
const dynamicTopicConfig: number = 1;

export function isSetOnTopic(entry: { readonly configSource?: number; readonly isDefault: boolean }): boolean {
  return entry.configSource === undefined ? !entry.isDefault : entry.configSource === dynamicTopicConfig;
}

function entriesOf(config: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(config).map(([name, value]) => ({ name, value }));
}
