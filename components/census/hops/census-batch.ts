/** The batch over the census file, which may still run while the proof asks for what it makes. */
import { HopFailure } from "../../../platform/hops/hop.ts";
import type { JobHistory } from "../../../platform/hops/job-history.ts";

export interface BatchJob {
  readonly jobs: Pick<JobHistory, "stateOf">;
  /** Name of its Job. */
  readonly job: string;
  /** @default Date.now */
  readonly now?: () => number;
}

/** Words for each of so many seconds: a batch that runs is progress, until the proof's own time is over. */
const STEP_SECONDS = 15;

/**
 * @returns that the batch still runs, in words; `undefined`: it has ended well
 * @throws {HopFailure} when it has failed
 */
export async function runningBatch(
  { jobs, job, now = Date.now }: BatchJob,
  signal: AbortSignal,
): Promise<string | undefined> {
  const state = await jobs.stateOf(job, signal);
  if (state.kind === "over") return undefined;
  if (state.kind === "failed")
    throw new HopFailure(`the Job ${job}, which computes the figures, failed (${state.reason})`);
  if (state.startedAt === undefined) return `the Job ${job}, which computes the figures, starts`;
  const steps = Math.floor((now() - state.startedAt.getTime()) / 1000 / STEP_SECONDS);
  return `the Job ${job} has computed the figures for ${steps * STEP_SECONDS} s and still runs`;
}
