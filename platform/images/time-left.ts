/** How long a step with many units goes on, from the pace of this run and what the last one took. Pure. */

/** What a complete run took. */
export interface Past {
  /** From the begin to the end. */
  readonly seconds: number;
  /** Units by name, in the order in which they began, and the seconds after which each did. Some are enough. */
  readonly marks: readonly (readonly [name: string, seconds: number])[];
}

/** A unit that has begun, and the seconds after which it did. */
export type Begun = readonly [name: string, seconds: number];

/** No machine is taken for more than this many times quicker than the one of the past run: what goes quicker was there already. */
const QUICKEST = 4;
const MARKS = 60;

/** Where a run is, in seconds of the past one. */
interface Place {
  /** Seconds of the past run that lie behind. */
  readonly at: number;
  /** How many of them this run has worked through; the others were there already. */
  readonly worked: number;
  /** Seconds of this run after which it came to `at`. */
  readonly since: number;
}

/** `undefined` while no unit is known from the past run: it may be anywhere. */
function placeOf(past: Past, begun: readonly Begun[]): Place | undefined {
  const marks = new Map(past.marks);
  const start: Place = { at: 0, worked: 0, since: 0 };
  let place = past.marks.length === 0 ? start : undefined;
  for (const [name, seconds] of begun) {
    const at = marks.get(name);
    const last = place ?? start;
    // Units that are made side by side begin in another order each time.
    if (at === undefined || at < last.at) continue;
    const worked = last.worked + Math.min(at - last.at, QUICKEST * (seconds - last.since));
    place = { at, worked, since: seconds };
  }
  return place;
}

/**
 * Seconds that are left; `undefined` when nothing sensible can be said: in the first seconds, and when the end is overdue.
 * @param now Seconds since the begin.
 */
export function secondsLeft(past: Past, begun: readonly Begun[], now: number): number | undefined {
  if (now < Math.min(15, past.seconds / 10)) return undefined;
  const place = placeOf(past, begun);
  if (place === undefined) return undefined;
  const { at, worked, since } = place;
  // The past run counts as much as this one does when it has done a twentieth.
  const weight = past.seconds / 20;
  const pace = (weight + since) / (weight + worked);
  const next = past.marks.find(([, seconds]) => seconds > at)?.[1] ?? past.seconds;
  const onTheWay = Math.min((now - since) / pace, next - at);
  const left = ((weight + now) / (weight + worked + onTheWay)) * (past.seconds - at - onTheWay);
  return left > 0 ? left : undefined;
}

/** Whether the run has done all of it itself, so that the next one can be judged by it. */
export function isComplete(past: Past, begun: readonly Begun[]): boolean {
  const { at, worked } = placeOf(past, begun) ?? { at: 0, worked: 0 };
  return at - worked < past.seconds / 20;
}

/** What the next run is judged by. */
export function pastOf(begun: readonly Begun[], seconds: number): Past {
  const step = Math.max(1, (begun.length - 1) / (MARKS - 1));
  const marks = Array.from({ length: Math.min(MARKS, begun.length) }, (_, index) => begun[Math.round(index * step)]);
  return {
    seconds: Math.round(seconds),
    marks: marks.flatMap((mark) => (mark === undefined ? [] : [[mark[0], Math.round(mark[1])] as const])),
  };
}

/** Says what is left without jumps: a new estimate is come closer to, and a step back is not said at once. */
export class Countdown {
  #end: number | undefined;
  #asked = 0;
  #shown = Number.POSITIVE_INFINITY;

  /** @param left As {@link secondsLeft} has it. @returns in words; `undefined`: nothing */
  words(left: number | undefined, now: number): string | undefined {
    if (left === undefined) return undefined;
    const end = now + left;
    // Half of a difference is made up in about 20 s.
    const share = 1 - Math.exp((this.#asked - now) / 30);
    this.#end = this.#end === undefined ? end : this.#end + (end - this.#end) * share;
    this.#asked = now;
    const seconds = this.#end - now;
    if (seconds <= 0) return undefined;
    const step = stepOf(seconds);
    const rounded = Math.max(1, Math.round(seconds / step)) * step;
    // More than before is said only when it is clearly more.
    this.#shown = Math.max(rounded - step, Math.min(rounded, this.#shown));
    return this.#shown < 120 ? `about ${this.#shown} s left` : `about ${Math.round(this.#shown / 60)} min left`;
  }
}

const stepOf = (seconds: number): number => (seconds <= 120 ? 10 : 60);
