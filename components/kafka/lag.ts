/** How far the readers of Kafka's topics are behind, by consumer group. */
import { type Admin, AssignerProtocol, type GroupDescription } from "kafkajs";
import { z } from "zod";
import type { Running, StatusAnswer } from "../../platform/operating.ts";
import { oldestUnread, type Places, type TimeSource } from "./oldest-unread.ts";
import { type ExistingKafka, existingSecurity } from "./existing.ts";
import { kafkaClient, type KafkaSecurity } from "./programs/kafka-client.ts";

/** One consumer group and one topic that it reads. */
export interface GroupLag {
  readonly group: string;
  readonly topic: string;
  /** Records that were written and not read yet; `null` for a group that does not write down how far it is. */
  readonly lag: number | null;
  /** Consumers that read now. A stream of Spark is none: it only writes down how far it is. */
  readonly members: number;
  /** What Kafka says of the group (`Stable`, `Empty`, …); `stream` for a stream of Spark, `off` for one whose service was switched off. */
  readonly state: string;
  /** What a stream of Spark has missed, since Kafka had dropped it before. @default - nothing */
  readonly missed?: Missed;
  /** What a stream of Spark with windows has left out. @default - it has none */
  readonly leftOut?: LeftOut;
  /** The last batch of a stream of Spark. @default - it has not told */
  readonly batch?: Batch;
  /** Since when a stream of Spark has not caught up, in ISO 8601. @default - it keeps up, or has not told of its batches */
  readonly behind?: { readonly since: string };
}

/** A batch of a stream. */
export interface Batch {
  /** In ISO 8601. */
  readonly began: string;
  readonly seconds: number;
  readonly records: number;
  /** Seconds after which the next one is due: with more the stream does not keep its rhythm. */
  readonly due: number;
}

/** Records that were never read. */
export interface Missed {
  readonly records: number;
  /** The newest gap of each partition: its first offset, and the one after its last; `null` where nobody knows that. */
  readonly last: readonly { readonly partition: number; readonly from: number; readonly to: number | null }[];
}

/** Records that are in no window. */
export interface LeftOut {
  /** They came after their window had closed. */
  readonly late: number;
  /** Their window had their id. */
  readonly duplicates: number;
}

/** What a stream writes down beside its offset. */
const json = z.string().transform((text): unknown => JSON.parse(text));
const missedSchema = json.pipe(z.object({ missed: z.number(), from: z.number(), to: z.number().nullable() }));
const leftOutSchema = json.pipe(z.object({ late: z.number(), duplicates: z.number() }));
const offSchema = json.pipe(z.object({ off: z.literal(true) }));
const rhythmSchema = json.pipe(
  z.object({
    batch: z.object({ began: z.iso.datetime(), seconds: z.number(), records: z.number(), due: z.number() }),
    behind: z.object({ since: z.iso.datetime() }).optional(),
  }),
);

/** What of Kafka's admin client is asked. */
export type LagSource = Pick<Admin, "listGroups" | "describeGroups" | "fetchOffsets" | "fetchTopicOffsets"> &
  TimeSource;

/** Groups that streams of Spark write their offsets to. */
const STREAM = /^spark-/;
/** Groups of one pod each: without members the pod is gone, and nobody will go on with its group. */
const OF_ONE_POD = /^display-/;
/** Kind of the group that Connect's workers share their tasks by. They read no topic by it. */
const WORKERS = "connect";
/** Groups by which the tasks of Iceberg's sinks agree on commits; they read nobody's records. */
const OF_SINKS = /^cg-control-|^connect-.+-coord$/;
/** Kafka answers in milliseconds; a status that waits longer helps nobody. */
const LIMIT_MS = 8000;

/** What a stream that keeps up may take longer than the time of a wait and of a batch. */
const SLACK_SECONDS = 5;

/** What of the settings decides how Kafka is asked. */
interface BrokerSettings {
  readonly enabled: boolean;
  readonly replicas: number;
  readonly existing?: ExistingKafka | undefined;
}

/**
 * How far the readers are behind; `undefined` without Kafka.
 * @throws Error when Kafka can't be asked from here, or does not answer.
 */
export async function lagStatus(own: BrokerSettings, running: Running): Promise<StatusAnswer | undefined> {
  if (!own.enabled) return undefined;
  const security = await existingSecurity(own.existing, running.secret);
  return lagAnswer(await readLags(kafkaServers(own, running), security));
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
  throw unknown(
    exposure.kind === "ingress"
      ? "an Ingress carries HTTP only, so Kafka is not published (its broker is at 127.0.0.1:9094 while " +
          `kubectl port-forward -n ${namespace} pod/kafka-0 9094 runs)`
      : "Kafka is not published on this target",
  );
}

/**
 * The lag of every group.
 * @param servers `host:port,host:port`.
 * @throws Error when Kafka does not answer in time.
 */
export async function readLags(servers: string, security: KafkaSecurity, timeoutMs = LIMIT_MS): Promise<GroupLag[]> {
  const quiet = { retries: 1, log: (): void => undefined };
  const admin = kafkaClient({ bootstrapServers: servers, clientId: "status", security, ...quiet }).admin();
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

/**
 * The lag of every group, sorted by name; groups that nobody will go on with are left out.
 * @param now In ms since 1970.
 */
export async function groupLags(admin: LagSource, now = Date.now()): Promise<GroupLag[]> {
  const { groups: listed } = await admin.listGroups();
  const readers = listed.filter(({ protocolType }) => protocolType !== WORKERS);
  const ids = readers
    .map(({ groupId }) => groupId)
    .filter((id) => !OF_SINKS.test(id))
    .sort();
  if (ids.length === 0) return [];
  const [{ groups }, offsets] = await Promise.all([
    admin.describeGroups(ids),
    Promise.all(ids.map(async (groupId) => ({ groupId, topics: await admin.fetchOffsets({ groupId }) }))),
  ]);
  const topics = [...new Set(offsets.flatMap((of) => of.topics.map(({ topic }) => topic)))];
  const ends = new Map(await Promise.all(topics.map(async (topic) => [topic, await endOf(admin, topic)] as const)));
  const lags = offsets.flatMap(({ groupId: group, topics: written }) => {
    const known = groups.find(({ groupId }) => groupId === group);
    const members = known?.members.length ?? 0;
    if (members === 0 && OF_ONE_POD.test(group)) return [];
    const all = written.flatMap(({ partitions }) => partitions);
    const isStream = STREAM.test(group) && members === 0;
    const isOff = wordsOf(all, offSchema).length > 0 && wordsOf(all, rhythmSchema).length === 0;
    const streamState = isOff ? "off" : "stream";
    const state = isStream ? streamState : (known?.state ?? "unknown");
    const last = lastBatch(all);
    const read = new Set([...written.map(({ topic }) => topic), ...assignedTopics(known)]);
    return [...read].sort().flatMap((topic): Promise<GroupLag>[] => {
      const partitions = written.find((of) => of.topic === topic)?.partitions ?? [];
      const unread = unreadOf(partitions, ends.get(topic));
      if (unread === null && members === 0) return [];
      const lag = unread === null ? null : unread.reduce((sum, { records }) => sum + records, 0);
      const told = STREAM.test(group) ? toldBy(admin, { topic, partitions, unread: unread ?? [], last, now }) : {};
      return [Promise.resolve(told).then((words) => ({ group, topic, lag, members, state, ...words }))];
    });
  });
  return await Promise.all(lags);
}

/** Topics that the members of a group read now, whether or not they write down how far. */
function assignedTopics(group: GroupDescription | undefined): string[] {
  return (group?.members ?? []).flatMap(({ memberAssignment }) =>
    memberAssignment.length === 0
      ? []
      : Object.keys(AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {}),
  );
}

interface End {
  /** Of the first record that Kafka still has, and of the next one that it will get. */
  readonly low: bigint;
  readonly high: bigint;
}
type Ends = ReadonlyMap<number, End>;

/** Where each partition ends; `undefined` for a topic that is gone. */
async function endOf(admin: LagSource, topic: string): Promise<Ends | undefined> {
  try {
    const partitions = await admin.fetchTopicOffsets(topic);
    return new Map(partitions.map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]));
  } catch {
    return undefined;
  }
}

/** What a group has written down of a partition. */
interface Committed {
  readonly partition: number;
  readonly offset: string;
  readonly metadata: string | null;
}

interface Unread {
  readonly partition: number;
  readonly records: number;
  /** The first of them that Kafka still has. */
  readonly next: bigint;
}

/** Partitions with unread records; `null` where nobody knows. Kafka says -1 of a partition that the group has not written down. */
function unreadOf(committed: readonly Committed[], ends: Ends | undefined): Unread[] | null {
  const known = committed.filter(({ offset }) => BigInt(offset) >= 0n);
  if (known.length === 0 || ends === undefined) return null;
  return known.flatMap(({ partition, offset }) => {
    const { low, high } = ends.get(partition) ?? { low: 0n, high: 0n };
    const [next, records] = [BigInt(offset) > low ? BigInt(offset) : low, Number(high - BigInt(offset))];
    return records > 0 ? [{ partition, records, next }] : [];
  });
}

/** A topic of a stream. */
interface StreamTopic {
  readonly topic: string;
  readonly partitions: readonly Committed[];
  readonly unread: readonly Unread[];
  /** When the last batch of the stream began. */
  readonly last: string | undefined;
  readonly now: number;
}

/** Each batch is told with all topics of its stream. */
function lastBatch(partitions: readonly Committed[]): string | undefined {
  return wordsOf(partitions, rhythmSchema)
    .map(({ words }) => words.batch.began)
    .sort()
    .at(-1);
}

/** What a stream says of itself, and whether it is behind. */
async function toldBy(
  admin: LagSource,
  { topic, partitions, unread, last, now }: StreamTopic,
): Promise<Pick<GroupLag, "missed" | "leftOut" | "batch" | "behind">> {
  const missed = missedOf(partitions);
  // It is told of the stream as a whole, with each partition.
  const leftOut = wordsOf(partitions, leftOutSchema).at(-1)?.words;
  // A topic that the stream reads no more, since a room was turned off, is not waited for.
  const rhythm = wordsOf(partitions, rhythmSchema).find(({ words }) => words.batch.began === last);
  const since = rhythm && (await behindSince(admin, topic, unread, rhythm.words, now));
  return {
    ...(missed && { missed }),
    ...(leftOut && { leftOut }),
    ...(rhythm && { batch: rhythm.words.batch }),
    ...(since && { behind: { since } }),
  };
}

async function behindSince(
  admin: LagSource,
  topic: string,
  unread: readonly Unread[],
  { batch, behind }: z.infer<typeof rhythmSchema>,
  now: number,
): Promise<string | undefined> {
  if (unread.length === 0) return undefined;
  // A record waits for a batch to be due and for the end of it, which is told a little later.
  const keepsUp = now - (2 * batch.due + SLACK_SECONDS) * 1000;
  const next: Places = new Map(unread.map((of) => [of.partition, of.next]));
  const oldest = (await oldestUnread(admin, topic, next, keepsUp)) ?? keepsUp;
  // The stream knows since when it leaves records to the next batch, but not what was before its driver was started.
  const began = behind === undefined ? keepsUp : Date.parse(behind.since);
  const since = Math.min(oldest, began);
  return since < keepsUp ? new Date(since).toISOString() : undefined;
}

function missedOf(partitions: readonly Committed[]): Missed | undefined {
  const told = wordsOf(partitions, missedSchema);
  if (told.length === 0) return undefined;
  return {
    records: told.reduce((all, { words }) => all + words.missed, 0),
    last: told.map(({ partition, words: { from, to } }) => ({ partition, from, to })),
  };
}

/** What is written down beside offsets, of the partitions where it has this form. */
function wordsOf<T>(partitions: readonly Committed[], schema: z.ZodType<T>): { partition: number; words: T }[] {
  return partitions.flatMap(({ partition, metadata }) => {
    try {
      return metadata === null || metadata === "" ? [] : [{ partition, words: schema.parse(metadata) }];
    } catch {
      return [];
    }
  });
}

/** Streams that are behind, a line for each. */
function behindLines(lags: readonly GroupLag[], now: number): string[] {
  const late = lags.flatMap(({ group, lag, behind }) => (behind === undefined ? [] : [{ group, lag, ...behind }]));
  return [...new Set(late.map(({ group }) => group))].map((group) => {
    const own = late.filter((of) => of.group === group);
    const records = own.reduce((all, { lag }) => all + (lag ?? 0), 0).toLocaleString("en-US");
    const [since = ""] = own.map((of) => of.since).sort();
    const time = since.slice(0, 19).replace("T", " ");
    return `${group} is ${records} records behind since ${time} UTC (${span(now - Date.parse(since))})`;
  });
}

/** `45 s`, `6 min`, `30 h`. */
function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** Streams whose batches take longer than the time to the next one, a line for each. */
function batchLines(lags: readonly GroupLag[]): string[] {
  const lines = lags.flatMap(({ group, batch }) =>
    batch === undefined || batch.seconds <= batch.due
      ? []
      : [
          `${group}: the last batch (${batch.records} records) took ${batch.seconds} s, longer than the ${batch.due} s after which the ` +
            "next one was due: raise millrace:services.telemetry.stream.quietSeconds, or give the driver more CPU " +
            "(millrace:services.telemetry.stream.resources)",
        ],
  );
  return [...new Set(lines)];
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

/** What streams have left out of their windows, a line for each that has. */
function leftOutLines(lags: readonly GroupLag[]): string[] {
  return lags.flatMap(({ group, topic, leftOut }) => {
    if (leftOut === undefined || leftOut.late + leftOut.duplicates === 0) return [];
    const { late: afterwards, duplicates } = leftOut;
    return [
      `${group} has left out ${afterwards} records of ${topic} that came after their window had closed, and ${duplicates} that came twice`,
    ];
  });
}

/**
 * A line per group and topic, and one for each that is behind, is too slow, has missed records, or has left out some.
 * @param now In ms since 1970.
 */
export function lagAnswer(lags: readonly GroupLag[], now = Date.now()): StatusAnswer {
  if (lags.length === 0) return { json: lags };
  const rows = lags.map(({ group, topic, lag, members, state }) => [
    group,
    topic,
    lag === null ? "-" : String(lag),
    state === "stream" || state === "off" ? "-" : String(members),
    state.toLowerCase(),
  ]);
  const below = [...behindLines(lags, now), ...batchLines(lags), ...missedLines(lags), ...leftOutLines(lags)];
  const header = ["reader", "topic", "lag", "members", "state"];
  return { json: lags, table: { header, rows, below } };
}
