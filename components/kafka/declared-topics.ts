/** What the platform's own topics take on the brokers' claims: their bounds, and how long their records last. */
import { quantityOf } from "../../platform/quantity.ts";
import type { TopicLoad } from "../../platform/service.ts";
import type { DataSettings } from "../../platform/storage.ts";
import { type ByteBounds, declaredBounds } from "./kafka-retention.ts";
import type { TopicSettings } from "./kafka-topic.ts";

/** Bytes that a record of the platform's takes on a disk: its JSON, its key, and Kafka's own. */
export const RECORD_BYTES = 300;

/** Segment of compacted topics, in bytes: what is in the newest one is not compacted. */
const COMPACTED_SEGMENT = 8 * 2 ** 20;

/** What is kept of a topic to which little comes, in bytes, and the segments that it goes in. */
const SMALL = { retention: 64 * 2 ** 20, segment: COMPACTED_SEGMENT };

/** Whether so much comes to a topic that it needs a share of the claims. */
function isLarge({ isCompacted, recordsPerSecond }: TopicLoad): boolean {
  return isCompacted !== true && recordsPerSecond > 0;
}

/** What comes to each topic that is declared, by topic. */
export type Loads = Readonly<Record<string, TopicLoad>>;

/** Settings of the brokers that bounds follow from. */
export interface Brokers {
  readonly replicas: number;
  readonly replicationFactor: number;
  readonly retentionHours: number;
  readonly storage: DataSettings;
  /** Brokers of somebody else's. @default - the platform's own */
  readonly existing?: object | undefined;
}

function claimBytes({ existing, storage }: Brokers): number | undefined {
  if (existing !== undefined || storage.kind === "ephemeral") return undefined;
  return quantityOf(storage.size);
}

function boundsOf(brokers: Brokers, loads: Loads): ByteBounds | undefined {
  const claim = claimBytes(brokers);
  if (claim === undefined) return undefined;
  const { replicas, replicationFactor: copies } = brokers;
  const shapes = Object.values(loads)
    .filter(isLarge)
    .map(({ partitions }) => ({ partitions, copies }));
  return declaredBounds(claim, replicas, shapes);
}

/** Settings of the declared topics that keep them within the brokers' claims; none where the brokers are others'. */
export function topicBounds(brokers: Brokers, loads: Loads): Record<string, string> {
  const bounds = boundsOf(brokers, loads);
  if (bounds === undefined) return {};
  return textsOf(bounds);
}

function textsOf({ retention, segment }: ByteBounds): Record<string, string> {
  return { "retention.bytes": String(retention), "segment.bytes": String(segment) };
}

/** Topics whose records go before their time, because the brokers' claims do not hold them; empty when there is none. */
export function retentionWarnings(brokers: Brokers, loads: Loads): string[] {
  const claim = claimBytes(brokers);
  const all = Object.entries(loads).filter(([, load]) => isLarge(load));
  if (claim === undefined || all.length === 0) return [];
  const size = brokers.storage.kind === "persistent" ? brokers.storage.size : "";
  const at = "millrace:services.kafka.storage.size";
  const bounds = boundsOf(brokers, loads);
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
    if (hours >= brokers.retentionHours) return [];
    const needed = Math.ceil((claim * brokers.retentionHours) / hours / 2 ** 30);
    return [
      `${at}: ${size} holds about ${inWords(hours)} of topic ${topic}, not the ${brokers.retentionHours} hours of ` +
        `millrace:services.kafka.retentionHours: ${load.from} make about ${Math.ceil((perHour * load.used) / 2 ** 20)} MiB an hour, ` +
        `and each partition keeps ${bounds.retention / 2 ** 20} MiB; older records go, also those that nobody has read; raise it ` +
        `to ${needed}Gi, or lower the hours or the rate`,
    ];
  });
}

function inWords(hours: number): string {
  return hours >= 2 ? `${Math.floor(hours)} hours` : `${Math.max(1, Math.floor(hours * 60))} minutes`;
}

/** The topics that services declare, as the brokers' settings size them. */
export function declaredTopics(brokers: Brokers, loads: Loads): Record<string, TopicSettings> {
  const { replicationFactor, retentionHours } = brokers;
  // A record that is too large for the streams must arrive to be seen: it becomes a dead letter.
  const largest = { "max.message.bytes": String(4 * 2 ** 20) };
  const bounds = topicBounds(brokers, loads);
  const small = Object.keys(bounds).length === 0 ? {} : textsOf(SMALL);
  const compacted = { "cleanup.policy": "compact", "segment.bytes": String(COMPACTED_SEGMENT) };
  const topics = Object.entries(loads).map(([topic, load]): [string, TopicSettings] => {
    const { partitions, isCompacted } = load;
    const kept = isCompacted === true ? {} : { retentionHours };
    const own = isCompacted === true ? compacted : isLarge(load) ? bounds : small;
    return [topic, { partitions, replicationFactor, ...kept, config: { ...largest, ...own } }];
  });
  return Object.fromEntries(topics);
}
