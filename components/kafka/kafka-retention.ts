/** How many bytes topics may keep, so that a broker never fills its claim. */
const MIB = 2 ** 20;

/** Share of a claim for the declared topics; a fifth more is for people's own, and the rest for Kafka itself. */
const DECLARED_SHARE = 0.6;
/** Share of a claim for each partition of topics that people make: eight of them fill a fifth. */
const OWN_PARTITION_SHARE = 1 / 40;

/** Bounds of one copy of one partition, in bytes. */
export interface ByteBounds {
  /** `retention.bytes`: whole segments beyond it go. */
  readonly retention: number;
  /** `segment.bytes`: a copy may be larger than its retention by one segment. */
  readonly segment: number;
}

/** A topic as far as its size on the disks goes. */
export interface TopicShape {
  readonly partitions: number;
  /** Copies of each record. */
  readonly copies: number;
}

/** Least segment of topics with messages of 4 MiB, and of those with Kafka's own limit of 1 MiB, in bytes. */
const DECLARED_SEGMENT = 8 * MIB;
const OWN_SEGMENT = 4 * MIB;

/**
 * Bounds of each partition of the declared topics: all their copies on one broker, with a segment each on top, fit three
 * fifths of its claim.
 * @returns `undefined` when the claim is too small for that many partitions
 */
export function declaredBounds(
  claimBytes: number,
  brokers: number,
  topics: readonly TopicShape[],
): ByteBounds | undefined {
  const onOneBroker = topics.map(({ partitions, copies }) => Math.ceil((partitions * copies) / brokers));
  const copies = onOneBroker.reduce((sum, count) => sum + count, 0);
  return copies === 0 ? undefined : bounds((claimBytes * DECLARED_SHARE) / copies, DECLARED_SEGMENT);
}

/** Bounds of each partition of any other topic, which its own settings may change. */
export function otherBounds(claimBytes: number): ByteBounds {
  return bounds(claimBytes * OWN_PARTITION_SHARE, OWN_SEGMENT) ?? { retention: OWN_SEGMENT, segment: OWN_SEGMENT };
}

/** @param bytes Room of one copy. */
function bounds(bytes: number, leastSegment: number): ByteBounds | undefined {
  if (bytes < 2 * leastSegment) return undefined;
  const segment = Math.min(256 * MIB, Math.max(leastSegment, wholeMebibytes(bytes / 8)));
  return { retention: wholeMebibytes(bytes) - segment, segment };
}

function wholeMebibytes(bytes: number): number {
  return Math.floor(bytes / MIB) * MIB;
}
