/** When the oldest record was written that a reader has not read, as Kafka's index of times tells it. */
import type { Admin } from "kafkajs";

/** What of Kafka's admin client is asked. */
export type TimeSource = Pick<Admin, "fetchTopicOffsetsByTimestamp">;

/** By partition. */
export type Places = ReadonlyMap<number, bigint>;

/** How exactly it is looked for, in ms. */
const STEP_MS = 1000;
/** How far back the first step is. */
const FIRST_STEP_MS = 32 * STEP_MS;

/**
 * Records are not read for this: Kafka says from which offset on records are younger than a time, and whatever is unread
 * before that one is older.
 * @param next The next offset to read of each partition in which something is unread.
 * @param before In ms since 1970: whether something is older than that is asked first.
 * @returns ms since 1970, up to a second early; `undefined` if nothing unread is older than `before`
 */
export async function oldestUnread(
  admin: TimeSource,
  topic: string,
  next: Places,
  before: number,
): Promise<number | undefined> {
  const isOlder = async (time: number): Promise<boolean> => {
    if (time <= 0) return false;
    const younger = await admin.fetchTopicOffsetsByTimestamp(topic, time);
    return younger.some(({ partition, offset }) => BigInt(offset) > (next.get(partition) ?? BigInt(offset)));
  };
  if (!(await isOlder(before))) return undefined;
  // Something unread is older than `known`; nothing is, once `step` is down, older than a step before it.
  let known = before;
  let step = FIRST_STEP_MS;
  while (await isOlder(known - step)) {
    known -= step;
    step *= 2;
  }
  for (step /= 2; step >= STEP_MS; step /= 2) {
    if (await isOlder(known - step)) known -= step;
  }
  return known - STEP_MS;
}
