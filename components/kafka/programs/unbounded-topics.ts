/** The bound by bytes of topics that set none, given to the brokers without taking a record that is there. */
import kafkajs from "kafkajs";
import type { Admin } from "kafkajs";
import { alterConfig, configEntries, isSetOnTopic } from "./topics.ts";

/** The calls of kafkajs' admin client that are needed. */
export type BrokerAdmin = Pick<Admin, "describeCluster" | "listTopics" | "describeConfigs" | "alterConfigs">;

const BROKER_SETTING = "log.retention.bytes";
const TOPIC_SETTING = "retention.bytes";
const NO_BOUND = "-1";

/** Kafka's source 2: a setting of one broker that was made while it ran. */
const dynamicBrokerConfig: number = 2;

/**
 * Bounds each partition of topics that set no `retention.bytes` of their own. Where no broker had such a bound yet, people's
 * topics that are there keep all they hold and will hold: each is told so by a setting of its own, before the brokers get theirs.
 * @param bytes What each copy of a partition may keep.
 * @param declared Topics whose settings are declared elsewhere.
 * @returns what was changed, a line each
 */
export async function boundOtherTopics(
  admin: BrokerAdmin,
  bytes: number,
  declared: readonly string[],
): Promise<string[]> {
  const { brokers } = await admin.describeCluster();
  const found = await Promise.all(
    brokers.map(async ({ nodeId }) => ({ nodeId, own: await ownSettings(admin, nodeId) })),
  );
  const isFirstTime = found.every(({ own }) => own[BROKER_SETTING] === undefined);
  const changes = isFirstTime ? await keepAsTheyAre(admin, declared) : [];
  for (const { nodeId, own } of found) {
    if (own[BROKER_SETTING] === String(bytes)) continue;
    const configEntries = Object.entries({ ...own, [BROKER_SETTING]: String(bytes) }).map(([name, value]) => ({
      name,
      value,
    }));
    const resources = [{ type: kafkajs.ConfigResourceTypes.BROKER, name: String(nodeId), configEntries }];
    await admin.alterConfigs({ validateOnly: false, resources });
    changes.push(`broker ${nodeId}: ${BROKER_SETTING} is now ${bytes}`);
  }
  return changes;
}

async function ownSettings(admin: BrokerAdmin, nodeId: number): Promise<Record<string, string>> {
  const resources = [{ type: kafkajs.ConfigResourceTypes.BROKER, name: String(nodeId) }];
  const described = await admin.describeConfigs({ includeSynonyms: false, resources });
  const entries = described.resources[0]?.configEntries ?? [];
  return Object.fromEntries(
    entries
      .filter((entry) => (entry as { configSource?: number }).configSource === dynamicBrokerConfig)
      .map(({ configName, configValue }) => [configName, configValue]),
  );
}

async function keepAsTheyAre(admin: BrokerAdmin, declared: readonly string[]): Promise<string[]> {
  const changes: string[] = [];
  const theirs = (await admin.listTopics()).filter((name) => !name.startsWith("__") && !declared.includes(name));
  for (const name of theirs) {
    const own = (await configEntries(admin, name)).filter((entry) => isSetOnTopic(entry));
    if (own.some(({ configName }) => configName === TOPIC_SETTING)) continue;
    const config = Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]));
    await alterConfig(admin, name, { ...config, [TOPIC_SETTING]: NO_BOUND });
    changes.push(
      `topic ${name}: was there before topics were bounded by bytes, and keeps all its records (${TOPIC_SETTING} ${NO_BOUND}); ` +
        "a full claim stops its broker, so give it a bound of its own",
    );
  }
  return changes;
}
