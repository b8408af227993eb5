/**
 * How long something is waited for: every limit of the proof, of probes and of polls derives from these few times.
 * They are made for a machine four times slower than the one that they were measured on. Only what makes no progress is
 * given up; the caps are for what goes on for ever without getting anywhere.
 */

const second = 1000;
const minute = 60 * second;

/** One answer of a service that runs, however busy its node is, in ms. */
export const answerMs = 20 * second;

/** Longest pause between two looks of a poll, in ms. */
export const pauseMs = second;

/** The same where a look costs the service next to nothing, in ms. */
export const shortPauseMs = second / 2;

/** What Presto gets nothing done of, in ms: a query that hangs is given up and asked again. */
export const statementMs = 3 * answerMs;

/** A list of tables or columns, in ms: people's clients ask for it first, and on an ordinary machine it takes less than 2 s. */
export const listingMs = 4 * 2 * second;

/** How long every connection may be refused without a break, in ms: nothing runs there, and a restart takes less. */
export const refusedMs = 30 * second;

/** The same for what takes longer to start, Airflow and the hub, in ms. */
export const slowRefusedMs = 2 * refusedMs;

/** Time in which a hop must see something new, in ms. */
export const standstillMs = 90 * second;

/** The same for a hop in which someone else's program runs, which tells nothing until its end, in ms. */
export const runningStandstillMs = 6 * minute;

/** The whole proof, however it gets on, in ms. */
export const proofCapMs = 30 * minute;

/** Scheduled runs that may fail in a row without being told: a restart or a sleep breaks one off, and the next mends it. */
export const forgivenFailures = 1;

/** What a proof has made is removed in this time, in ms: a notebook server may have to end. */
export const cleanupMs = minute;

/** A pod that is told to start runs its program after this time, or something keeps it from it, in ms. */
export const podStartMs = 3 * minute;

/** A program that has been started serves after this time, in ms: whoever ends a slow start makes the next one as slow. */
export const startupMs = 20 * minute;

/** A Job that sets up what runs, with all its tries, in ms: the node that it waits for room on is a busy one. */
export const setupCapMs = startupMs;

/** One try of it waits so long for its server, in ms; four of them fit into the Job's time. */
export const serverWaitMs = setupCapMs / 4;

/** A Job that moves data, however many they are, in ms. One that gets nowhere ends by itself long before. */
export const dataCapMs = 4 * 60 * minute;

/** Time in which something of what is moved must arrive, in ms. */
export const movingStandstillMs = 15 * minute;

/** One answer to a probe, in ms. Kubernetes' own second is short for a busy node. */
export const probeAnswerMs = answerMs / 2;

/** Ends a wait: says of which limit it was the end. */
export class LimitReached extends Error {
  override readonly name = "LimitReached";
}

/** @returns why a wait has ended, in words; `undefined`: for another reason than a limit */
export function limitWords(signal: AbortSignal): string | undefined {
  return signal.reason instanceof LimitReached ? signal.reason.message : undefined;
}
