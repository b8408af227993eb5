/** How far a consumer group is behind. */
import type { Admin } from "kafkajs";

/** What of Kafka's admin client is asked. */
export type LagSource = Pick<Admin, "connect" | "disconnect" | "fetchOffsets" | "fetchTopicOffsets">;

/**
 * Records that a group has not read yet; `undefined`: Kafka does not answer, or the group has not begun.
 *
 * @param makeAdmin Makes a client for this question alone: one of kafkajs asks on for every topic that it was ever asked for,
 *   and answers nothing any more once one of them is gone.
 */
export async function groupLag(makeAdmin: () => LagSource, groupId: string): Promise<number | undefined> {
  const admin = makeAdmin();
  try {
    await admin.connect();
    const topics = await admin.fetchOffsets({ groupId });
    if (topics.length === 0) return undefined;
    let lag = 0n;
    for (const { topic, partitions } of topics) {
      const ends = new Map(
        (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, BigInt(high)]),
      );
      for (const { partition, offset } of partitions) {
        const behind = (ends.get(partition) ?? 0n) - BigInt(offset);
        if (BigInt(offset) >= 0n && behind > 0n) lag += behind;
      }
    }
    return Number(lag);
  } catch {
    return undefined;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
