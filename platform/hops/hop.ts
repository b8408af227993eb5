/** What every hop of the data path looks like to the proof. */

/** What a hop found, in the same figures for every hop. */
export interface HopFigures {
  /** Raw records seen. */
  readonly count: number;
  /** Distinct record ids among them. */
  readonly distinct: number;
  /** Sum of the records' whole-number values: independent of order, and the same arithmetic in SQL. */
  readonly checksum: string;
  /** What was looked at, in a few words. */
  readonly message: string;
}

/** One step of the path. It looks at data, never at a status. */
export interface Hop {
  readonly name: string;
  /** Most time in which it may see nothing new, in ms; the branch's limit may cut it shorter. */
  readonly timeoutMs: number;
  /**
   * @throws {HopSkipped} when there is nothing to ask yet; its message is the reason
   * @throws {HopFailure} or any other error: the hop is missing
   */
  readonly run: (context: HopContext) => Promise<HopFigures>;
  /**
   * Whether it begins with the proof, for a part of it stands on no other hop; it awaits `needed` itself before the rest.
   * @default false
   */
  readonly isEarly?: boolean;
}

/** A hop in its branch. */
export interface PlacedHop extends Hop {
  /** Hops of any branch that must have passed before it starts. @default - the one before it in its branch */
  readonly waitsFor?: readonly string[];
}

/** A hop that is not asked, and why. */
export interface Skipped {
  readonly hop: string;
  readonly reason: string;
}

export interface HopContext {
  /** Fires when the hop's time is over. */
  readonly signal: AbortSignal;
  /** Settles when the hops that it waits for have passed; rejects when one of them is missing. */
  readonly needed: Promise<void>;
  /** Registers what must be removed at the end, whatever happens. Calls run in reverse order, steps of one call at once. */
  readonly onCleanup: (...steps: readonly CleanupStep[]) => void;
  /** Told in a few words what the hop waits for. Words that are new are progress: its time begins anew. */
  readonly onProgress: (words: string) => void;
}

/**
 * Hops of one matter, which clean up together. They run beside each other as far as they do not wait for one another, and
 * beside other branches. A hop is missing only where all before it in its branch have passed: else they are the cause.
 */
export interface Branch {
  readonly hops: readonly PlacedHop[];
  /** Limit of all its hops together, however they get on, in ms. */
  readonly timeoutMs: number;
  /** Limit of its clean-up, in ms. @default `cleanupMs` */
  readonly cleanupTimeoutMs?: number;
  /** Whether the other branches stand on this one: when it fails, they are ended and not judged. @default false */
  readonly carriesOthers?: boolean;
}

export interface CleanupStep {
  /** What is removed, in words: "records of the run in lake.telemetry.samples". */
  readonly what: string;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** A hop did not hold what it must; the message says what is wrong and what was seen. */
export class HopFailure extends Error {
  override readonly name = "HopFailure";
  /** The hop that is at fault, where another one noticed. @default - the one that noticed */
  readonly hop: string | undefined;

  constructor(message: string, options: ErrorOptions & { readonly hop?: string } = {}) {
    super(message, options);
    this.hop = options.hop;
  }
}

/** What a hop asks is not there yet, for a reason that is nobody's fault: it makes the proof neither better nor worse. */
export class HopSkipped extends Error {
  override readonly name = "HopSkipped";
}

/** Figures of a set of records. */
export function figuresOf(
  records: Iterable<{ readonly id: string; readonly value: number }>,
): Omit<HopFigures, "message"> {
  const ids = new Set<string>();
  let count = 0;
  let sum = 0n;
  for (const { id, value } of records) {
    count++;
    ids.add(id);
    sum += BigInt(Math.round(value));
  }
  return { count, distinct: ids.size, checksum: sum.toString() };
}

/** @returns what differs, in words; `undefined`: nothing */
export function difference(
  seen: Omit<HopFigures, "message">,
  expected: Omit<HopFigures, "message">,
): string | undefined {
  if (seen.distinct < expected.distinct) return `${seen.distinct} of ${expected.distinct} records`;
  if (seen.count > expected.count) return `${seen.count} records where ${expected.count} were sent: duplicates`;
  if (seen.checksum !== expected.checksum) return `values differ: checksum ${seen.checksum}, sent ${expected.checksum}`;
  return seen.distinct > expected.distinct ? `${seen.distinct} distinct records, ${expected.distinct} sent` : undefined;
}
