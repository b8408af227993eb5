/** The run of a proof: by its id every service tells the proof's records from others'. */
import { randomBytes } from "node:crypto";

export interface ProofRun {
  /** `proof-<ms since the epoch>-<random>`; the time lets later proofs find leftovers. */
  readonly run: string;
  readonly startedAt: Date;
}

export function startRun(now = new Date()): ProofRun {
  return { run: newRun(now), startedAt: now };
}

/** The id of a run that begins now. */
export function newRun(now: Date): string {
  return `proof-${now.getTime()}-${randomBytes(4).toString("hex")}`;
}

/** When the run of a proof began; `undefined`: it is none. */
export function startOf(run: string): Date | undefined {
  const started = /^proof-(\d{13})-[0-9a-f]{8}$/.exec(run)?.[1];
  return started === undefined ? undefined : new Date(Number(started));
}

/** Age from which what another proof has left is a leftover, and not a proof under way. */
const leftoverAgeMs = 10 * 60_000;

/** @returns whether a run id is that of a proof so long before `now` that it can't be under way any more */
export function isLeftover(run: string, now: Date): boolean {
  const started = startOf(run);
  return started !== undefined && now.getTime() - started.getTime() > leftoverAgeMs;
}
