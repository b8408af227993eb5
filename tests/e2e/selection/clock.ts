/** What a run does with its time: how slow the machine is, what is left out when it runs short, and which part took too long. */
import type { Reason } from "./plan.ts";

export interface Done {
  readonly name: string;
  /** What it takes on the machine that it was measured on. */
  readonly minutes: number;
  readonly tookMinutes: number;
}

/** The slowest machine that the platform is made for; what takes longer still is the part's own fault. */
const SLOWEST = 4;
/** Minutes of parts that tell something of the machine. */
const ENOUGH = 3;

/** How many times slower this machine is than the one that the parts were measured on; at least 1. */
export function slownessOf(done: readonly Done[]): number {
  const usual = done.reduce((sum, { minutes }) => sum + minutes, 0);
  const took = done.reduce((sum, { tookMinutes }) => sum + tookMinutes, 0);
  return usual < ENOUGH ? 1 : Math.min(SLOWEST, Math.max(1, took / usual));
}

/** A part may take longer than its minutes by half, and by this much whatever they are. */
const SLACK_MINUTES = 1;

/** The parts that took too long, on the scale of this machine, in words. */
export function overTime(done: readonly Done[]): string[] {
  const slowness = slownessOf(done);
  return done.flatMap(({ name, minutes, tookMinutes }) => {
    const most = Math.max(1.5 * minutes, minutes + SLACK_MINUTES) * slowness;
    if (tookMinutes <= most) return [];
    const scale = slowness === 1 ? "" : ` on a machine ${slowness.toFixed(1)} times slower`;
    const words = `part ${name} took ${tookMinutes.toFixed(1)} min of ${minutes.toFixed(1)}${scale}`;
    return [`${words}: make it cheaper, or write its new minutes into tests/e2e/parts.ts with the reason`];
  });
}

export interface Ahead {
  readonly name: string;
  readonly minutes: number;
  readonly reason: Reason;
  readonly dueIn: number;
}

/**
 * Parts to leave out so that the rest fits: those in turn before those of a sample, and what is due last before the others.
 * The spine and what was touched stay.
 * @param ahead - all that is still to be run, with what the platform's life takes
 */
export function leftOut(ahead: readonly Ahead[], minutesLeft: number, slowness: number): string[] {
  const rank = ({ reason, dueIn }: Ahead): number => (reason === "turn" ? 1e9 + dueIn : dueIn);
  const optional = ahead.filter(({ reason }) => reason !== "spine" && reason !== "touched");
  const out: string[] = [];
  let needed = ahead.reduce((sum, { minutes }) => sum + minutes * slowness, 0);
  for (const one of optional.toSorted((a, b) => rank(b) - rank(a))) {
    if (needed <= minutesLeft) break;
    out.push(one.name);
    needed -= one.minutes * slowness;
  }
  return out;
}

/** Whether the next part, and after it the spine that is still ahead, take longer than there is time. The spine never does. */
export function isTooLate([next, ...rest]: readonly Ahead[], minutesLeft: number, slowness: number): boolean {
  if (next === undefined || next.reason === "spine") return false;
  const end = rest.filter(({ reason }) => reason === "spine");
  return [next, ...end].reduce((sum, { minutes }) => sum + minutes * slowness, 0) > minutesLeft;
}
