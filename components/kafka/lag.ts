/** How far the readers of Kafka's topics are behind, by consumer group. */
import { type Admin, AssignerProtocol, type GroupDescription } from "kafkajs";
import { z } from "zod";
import type { Running, StatusAnswer } from "../../platform/operating.ts";
import { kafkaClient } from "./programs/kafka-client.ts";

/** One consumer group and one topic that it reads. */
export interface GroupLag {
  readonly group: string;
  readonly topic: string;
  /** Records that were written and not read yet; `null` for a group that does not write down how far it is. */
  readonly lag: number | null;
  /** Consumers that read now. A stream of Spark is none: it only writes down how far it is. */
  readonly members: number;
  /** What Kafka says of the group (`Stable`, `Empty`, …); `stream` for a stream of Spark. */
  readonly state: string;
  /** What a stream of Spark has missed, since Kafka had dropped it before. @default - nothing */
  readonly missed?: Missed;
}

/** Records that were never read. */
export interface Missed {
  readonly records: number;
  /** The newest gap of each partition: its first offset, and the one after its last; `null` where nobody knows that. */
  readonly last: readonly { readonly partition: number; readonly from: number; readonly to: number | null }[];
}

/** What a stream writes down beside its offset. */
const missedSchema = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.object({ missed: z.number(), from: z.number(), to: z.number().nullable() }));

/** What of Kafka's admin client is asked. */
export type LagSource = Pick<Admin, "listGroups" | "describeGroups" | "fetchOffsets" | "fetchTopicOffsets">;

/** Groups that streams of Spark write their offsets to. */
const STREAM = /^spark-/;
/** Groups of one pod each: without members the pod is gone, and nobody will go on with its group. */
const OF_ONE_POD = /^display-/;
/** Kafka answers in milliseconds; a status that waits longer helps nobody. */
const LIMIT_MS = 8000;

/** What of the settings decides how Kafka is asked. */
interface BrokerSettings {
  readonly enabled: boolean;
  readonly replicas: number;
  readonly existing?: { readonly bootstrapServers: string; readonly securityProtocol: "PLAINTEXT" | "SSL" } | undefined;
}

/**
 * How far the readers are behind; `undefined` without Kafka.
 * @throws Error when Kafka can't be asked from here, or does not answer.
 */
export async function lagStatus(own: BrokerSettings, running: Running): Promise<StatusAnswer | undefined> {
  if (!own.enabled) return undefined;
  return lagAnswer(await readLags(kafkaServers(own, running), own.existing?.securityProtocol ?? "PLAINTEXT"));
}

/**
 * Brokers as this machine reaches them.
 * @throws Error with why it doesn't, and the way out.
 */
export function kafkaServers(
  { existing, replicas }: Omit<BrokerSettings, "enabled">,
  { namespace, exposure, address }: Pick<Running, "namespace" | "exposure" | "address">,
): string {
  if (existing !== undefined) return existing.bootstrapServers;
  const unknown = (why: string): Error =>
    new Error(
      `the lag of Kafka's readers is not known: ${why}; ask in the cluster: kubectl exec -n ${namespace} kafka-0 -- ` +
        "env KAFKA_HEAP_OPTS=-Xmx64m /opt/kafka/bin/kafka-consumer-groups.sh --bootstrap-server localhost:9092 " +
        "--describe --all-groups",
    );
  if (replicas > 1) throw unknown("only one of its brokers is published");
  const servers = address("kafka");
  if (servers !== undefined) return servers;
  // Before an `up` has ended well nothing is written down of addresses.
  if (exposure.kind === "nodePort") return `${exposure.host}:${exposure.ports["kafka"]}`;
  throw unknown("Kafka is not published on this target");
}

/**
 * The lag of every group.
 * @param servers `host:port,host:port`.
 * @throws Error when Kafka does not answer in time.
 */
export async function readLags(
  servers: string,
  securityProtocol: "PLAINTEXT" | "SSL",
  timeoutMs = LIMIT_MS,
): Promise<GroupLag[]> {
  const quiet = { retries: 1, log: (): void => undefined };
  const admin = kafkaClient({ bootstrapServers: servers, clientId: "status", securityProtocol, ...quiet }).admin();
  const asked = (async () => {
    await admin.connect();
    return await groupLags(admin);
  })();
  try {
    return await Promise.race([asked, late(timeoutMs)]);
  } catch (error) {
    asked.catch(() => undefined);
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Kafka at ${servers} does not answer (${why}), so nothing is known of its readers`, {
      cause: error,
    });
  } finally {
    admin.disconnect().catch(() => undefined);
  }
}

async function late(ms: number): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
  throw new Error(`no answer within ${ms / 1000} s`);
}

/** The lag of every group, sorted by name; groups that nobody will go on with are left out. */
export async function groupLags(admin: LagSource): Promise<GroupLag[]> {
  const { groups: listed } = await admin.listGroups();
  const ids = listed.map(({ groupId }) => groupId).sort();
  if (ids.length === 0) return [];
  const [{ groups }, offsets] = await Promise.all([
    admin.describeGroups(ids),
    Promise.all(ids.map(async (groupId) => ({ groupId, topics: await admin.fetchOffsets({ groupId }) }))),
  ]);
  const topics = [...new Set(offsets.flatMap((of) => of.topics.map(({ topic }) => topic)))];
  const ends = new Map(await Promise.all(topics.map(async (topic) => [topic, await endOf(admin, topic)] as const)));
  return offsets.flatMap(({ groupId: group, topics: written }) => {
    const known = groups.find(({ groupId }) => groupId === group);
    const members = known?.members.length ?? 0;
    if (members === 0 && OF_ONE_POD.test(group)) return [];
    const state = STREAM.test(group) && members === 0 ? "stream" : (known?.state ?? "unknown");
    const read = new Set([...written.map(({ topic }) => topic), ...assignedTopics(known)]);
    return [...read].sort().flatMap((topic): GroupLag[] => {
      const partitions = written.find((of) => of.topic === topic)?.partitions ?? [];
      const lag = lagOf(partitions, ends.get(topic));
      const missed = STREAM.test(group) ? missedOf(partitions) : undefined;
      if (lag === null && members === 0) return [];
      return [{ group, topic, lag, members, state, ...(missed && { missed }) }];
    });
  });
}

/** Topics that the members of a group read now, whether or not they write down how far. */
function assignedTopics(group: GroupDescription | undefined): string[] {
  return (group?.members ?? []).flatMap(({ memberAssignment }) =>
    memberAssignment.length === 0
      ? []
      : Object.keys(AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {}),
  );
}

type Ends = ReadonlyMap<number, bigint>;

/** Next offset of each partition; `undefined` for a topic that is gone. */
async function endOf(admin: LagSource, topic: string): Promise<Ends | undefined> {
  try {
    const partitions = await admin.fetchTopicOffsets(topic);
    return new Map(partitions.map(({ partition, high }) => [partition, BigInt(high)]));
  } catch {
    return undefined;
  }
}

/** Kafka says -1 of a partition that the group has not written down. */
function lagOf(committed: readonly { readonly partition: number; readonly offset: string }[], ends: Ends | undefined) {
  const known = committed.filter(({ offset }) => BigInt(offset) >= 0n);
  if (known.length === 0 || ends === undefined) return null;
  const behind = known.map(({ partition, offset }) => (ends.get(partition) ?? 0n) - BigInt(offset));
  return Number(behind.reduce((all, records) => (records > 0n ? all + records : all), 0n));
}

function missedOf(
  partitions: readonly { readonly partition: number; readonly metadata: string | null }[],
): Missed | undefined {
  const told = partitions.flatMap(({ partition, metadata }) => {
    if (metadata === null || metadata === "") return [];
    try {
      const { missed, from, to } = missedSchema.parse(metadata);
      return [{ missed, last: { partition, from, to } }];
    } catch {
      return [];
    }
  });
  if (told.length === 0) return undefined;
  return { records: told.reduce((all, { missed }) => all + missed, 0), last: told.map(({ last }) => last) };
}

/** What streams have missed, a line for each stream and topic. */
function missedLines(lags: readonly GroupLag[]): string[] {
  return lags.flatMap(({ group, topic, missed }) => {
    if (missed === undefined) return [];
    const last = missed.last.map(({ partition, from, to }) =>
      to === null
        ? `partition ${partition} was made anew when it was read to offset ${from}`
        : `partition ${partition}, offsets ${from} to ${to - 1}`,
    );
    return [
      `${group} has missed ${missed.records} records of ${topic}, which Kafka had dropped before they were read; ` +
        `the last ones: ${last.join("; ")}. All gaps are in the table lake.streaming.gaps`,
    ];
  });
}

/** A line per group and topic, and one for each that has missed records. */
export function lagAnswer(lags: readonly GroupLag[]): StatusAnswer {
  if (lags.length === 0) return { json: lags };
  const rows = lags.map(({ group, topic, lag, members, state }) => [
    group,
    topic,
    lag === null ? "-" : String(lag),
    state === "stream" ? "-" : String(members),
    state.toLowerCase(),
  ]);
  const header = ["reader", "topic", "lag", "members", "state"];
  return { json: lags, table: { header, rows, below: missedLines(lags) } };
}
