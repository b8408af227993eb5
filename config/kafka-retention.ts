/** What the platform's own topics take on the brokers' claims: their bounds, and how long their records last. */
import { type ByteBounds, declaredBounds } from "../components/kafka/kafka-retention.ts";
import { quantityOf } from "../platform/quantity.ts";
import type { TopicLoad } from "../platform/service.ts";
import { rooms } from "./rooms.ts";
import type { PlatformConfig } from "./schema.ts";

type Services = PlatformConfig["services"];

/** Bytes that a record of the platform's takes on a disk: its JSON, its key, and Kafka's own. */
export const RECORD_BYTES = 300;
/** What comes to each topic of the services that are enabled, by topic. */
function loads(services: Services): Record<string, TopicLoad> {
  const settings: Readonly<Record<string, { readonly enabled: boolean }>> = services;
  const enabled = rooms.filter(({ name }) => settings[name]?.enabled === true);
  return Object.assign({}, ...enabled.map((room) => room.topics?.(settings[room.name]) ?? {})) as Record<
    string,
    TopicLoad
  >;
}

function claimBytes({ kafka }: Services): number | undefined {
  if (!kafka.enabled || kafka.existing !== undefined || kafka.storage.kind === "ephemeral") return undefined;
  return quantityOf(kafka.storage.size);
}

function boundsOf(services: Services): ByteBounds | undefined {
  const claim = claimBytes(services);
  if (claim === undefined) return undefined;
  const { replicas, replicationFactor: copies } = services.kafka;
  const shapes = Object.values(loads(services)).map(({ partitions }) => ({ partitions, copies }));
  return declaredBounds(claim, replicas, shapes);
}

/** Settings of the declared topics that keep them within the brokers' claims; none where the brokers are others'. */
export function topicBounds(services: Services): Record<string, string> {
  const bounds = boundsOf(services);
  if (bounds === undefined) return {};
  return { "retention.bytes": String(bounds.retention), "segment.bytes": String(bounds.segment) };
}

/** Topics whose records go before their time, because the brokers' claims do not hold them; empty when there is none. */
export function retentionWarnings(services: Services): string[] {
  const claim = claimBytes(services);
  const all = Object.entries(loads(services));
  if (claim === undefined || all.length === 0) return [];
  const { kafka } = services;
  const size = kafka.storage.kind === "persistent" ? kafka.storage.size : "";
  const at = "millrace:services.kafka.storage.size";
  const bounds = boundsOf(services);
  if (bounds === undefined) {
    const partitions = all.reduce((sum, [, load]) => sum + load.partitions, 0);
    return [
      `${at}: ${size} is too small for the ${partitions} partitions of ${all.map(([topic]) => topic).join(" and ")}: nothing ` +
        "bounds them by bytes, and a full claim stops its broker; raise it, or lower the number of partitions",
    ];
  }
  return all.flatMap(([topic, load]) => {
    const perHour = (load.recordsPerSecond * RECORD_BYTES * 3600) / load.used;
    const hours = bounds.retention / perHour;
    if (hours >= kafka.retentionHours) return [];
    const needed = Math.ceil((claim * kafka.retentionHours) / hours / 2 ** 30);
    return [
      `${at}: ${size} holds about ${inWords(hours)} of topic ${topic}, not the ${kafka.retentionHours} hours of ` +
        `millrace:services.kafka.retentionHours: ${load.from} make about ${Math.ceil((perHour * load.used) / 2 ** 20)} MiB an hour, ` +
        `and each partition keeps ${bounds.retention / 2 ** 20} MiB; older records go, also those that nobody has read; raise it ` +
        `to ${needed}Gi, or lower the hours or the rate`,
    ];
  });
}

function inWords(hours: number): string {
  return hours >= 2 ? `${Math.floor(hours)} hours` : `${Math.max(1, Math.floor(hours * 60))} minutes`;
}

/** The topics that services declare, as the config sizes them. */
export function declaredTopics(
  services: Services,
): Record<
  string,
  { partitions: number; replicationFactor: number; retentionHours: number; config: Record<string, string> }
> {
  const { replicationFactor, retentionHours } = services.kafka;
  // A record that is too large for the streams must arrive to be seen: it becomes a dead letter.
  const config = { "max.message.bytes": String(4 * 2 ** 20), ...topicBounds(services) };
  const topics = Object.entries(loads(services)).map(([topic, { partitions }]) => [
    topic,
    { partitions, replicationFactor, retentionHours, config },
  ]);
  return Object.fromEntries(topics) as ReturnType<typeof declaredTopics>;
}
