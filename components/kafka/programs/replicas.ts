/** Copies of topics: which brokers hold them, and the moves to more of them. */
import type { Admin } from "kafkajs";
import { movingStandstillMs } from "../../../platform/hops/limits.ts";

/** A partition and the brokers that have a copy of it. */
export interface Placement {
  readonly topic: string;
  readonly partition: number;
  readonly replicas: readonly number[];
}

export interface Move {
  readonly topic: string;
  readonly partition: number;
  readonly replicas: number[];
}

/**
 * Gives each partition as many copies as are wanted of its topic. Copies that are there stay where they are; new ones go
 * to the brokers that have fewest. With copies on every broker, each broker is the preferred leader of its share.
 * @param copies Wanted copies by topic; topics that have as many or more are left as they are.
 */
export function raisingMoves(
  placements: readonly Placement[],
  brokers: readonly number[],
  copies: ReadonlyMap<string, number>,
): Move[] {
  const load = new Map(brokers.map((broker) => [broker, 0]));
  for (const broker of placements.flatMap(({ replicas }) => replicas)) load.set(broker, (load.get(broker) ?? 0) + 1);
  const moves: Move[] = [];
  for (const { topic, partition, replicas } of placements) {
    const wanted = copies.get(topic) ?? 0;
    if (replicas.length >= wanted) continue;
    const free = brokers
      .filter((broker) => !replicas.includes(broker))
      .sort((left, right) => (load.get(left) ?? 0) - (load.get(right) ?? 0) || left - right);
    const added = free.slice(0, wanted - replicas.length);
    for (const broker of added) load.set(broker, (load.get(broker) ?? 0) + 1);
    const all = [...replicas, ...added];
    const first = partition % all.length;
    moves.push({ topic, partition, replicas: [...all.slice(first), ...all.slice(0, first)] });
  }
  return moves;
}

/** The calls of kafkajs' admin client that are needed. */
export type ReplicaAdmin = Pick<
  Admin,
  "describeCluster" | "fetchTopicMetadata" | "alterPartitionReassignments" | "listPartitionReassignments"
>;

export interface RaiseOptions {
  readonly log: (line: string) => void;
  /** Time without any partition that arrives after which it is given up, in seconds. @default 900 */
  readonly idleSeconds?: number;
  /** Pause between two looks, in ms. @default 2000 */
  readonly pauseMilliseconds?: number;
}

/**
 * Raises the copies of topics and waits until they are there. Moves that an earlier run began are waited for too.
 * @returns what was changed, a line each
 * @throws {Error} when no partition arrives for a long time; what has arrived stays, and the next run goes on
 */
export async function raiseCopies(
  admin: ReplicaAdmin,
  copies: ReadonlyMap<string, number>,
  options: RaiseOptions,
): Promise<string[]> {
  const topics = [...copies.keys()];
  if (topics.length === 0) return [];
  const begun = await movingPartitions(admin, topics);
  const moves = raisingMoves(
    (await placementsOf(admin, topics)).filter((placement) => !begun.has(keyOf(placement))),
    (await admin.describeCluster()).brokers.map(({ nodeId }) => nodeId).sort((left, right) => left - right),
    copies,
  );
  if (moves.length > 0) {
    await admin.alterPartitionReassignments({
      topics: topics
        .map((topic) => ({
          topic,
          partitionAssignment: moves
            .filter((move) => move.topic === topic)
            .map(({ partition, replicas }) => ({ partition, replicas })),
        }))
        .filter(({ partitionAssignment }) => partitionAssignment.length > 0),
    });
  }
  const total = moves.length + begun.size;
  if (total > 0) await waitForMoves(admin, topics, total, options);
  return topics
    .map((topic) => ({ topic, moved: moves.filter((move) => move.topic === topic) }))
    .filter(({ moved }) => moved.length > 0)
    .map(({ topic, moved }) => `topic ${topic}: ${moved.length} partitions now have ${copies.get(topic) ?? 0} copies`);
}

async function waitForMoves(
  admin: ReplicaAdmin,
  topics: readonly string[],
  total: number,
  { log, idleSeconds = movingStandstillMs / 1000, pauseMilliseconds = 2000 }: RaiseOptions,
): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  let since = Date.now();
  for (;;) {
    const left = (await movingPartitions(admin, topics)).size;
    if (left === 0) return;
    if (left < least) {
      log(`copying partitions to other brokers: ${left} of ${total} left`);
      least = left;
      since = Date.now();
    }
    if (Date.now() - since > idleSeconds * 1000) {
      throw new Error(
        `${left} of ${total} partitions did not reach their new brokers, none for ${idleSeconds} s: look at the brokers' ` +
          "logs and the room on their claims; the copies go on, and the next run waits for them",
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
  }
}

async function placementsOf(admin: ReplicaAdmin, topics: readonly string[]): Promise<Placement[]> {
  const metadata = await admin.fetchTopicMetadata({ topics: [...topics] });
  return metadata.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionId, replicas }) => ({ topic: name, partition: partitionId, replicas })),
  );
}

async function movingPartitions(admin: ReplicaAdmin, topics: readonly string[]): Promise<Set<string>> {
  const listed = await admin.listPartitionReassignments({});
  const keys = listed.topics
    .filter(({ topic }) => topics.includes(topic))
    .flatMap(({ topic, partitions }) =>
      partitions.map(({ partitionIndex }) => keyOf({ topic, partition: partitionIndex })),
    );
  return new Set(keys);
}

function keyOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}-${partition}`;
}
