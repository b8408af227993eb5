/** The steps from the jobs that run to those that are declared. A job never begins from zero unless it is told to. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { describeError } from "../../../platform/describe-error.ts";
import { FlinkRefusal, type JobManager, type SqlGateway, StateRefusal } from "./flink-client.ts";
import { filledIn } from "./kafka-options.ts";
import { statementsOf, textProblems } from "./statements.ts";

export const jobSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
  sql: z.string(),
  parallelism: z.int().min(1),
  /** The job begins from zero once for each new text. */
  startAnew: z.string().optional(),
});
export type JobDefinition = z.output<typeof jobSchema>;

/** What is known of a job that was started. */
export const recordSchema = z.object({
  definition: jobSchema,
  /** Of the last run. */
  id: z.string(),
  /** Where it went on from. @default - from zero */
  from: z.string().optional(),
  /** Where the last run stopped. @default - it runs, or has failed */
  savepoint: z.string().optional(),
  /** Hash of a definition that could not go on from that savepoint, with why. */
  refused: z.object({ hash: z.string(), why: z.string() }).optional(),
});
export type JobRecord = z.output<typeof recordSchema>;

/** What outlives the cluster, beside the state itself. */
export interface Records {
  all(): Promise<ReadonlyMap<string, JobRecord>>;
  write(name: string, record: JobRecord): Promise<void>;
  /** Where the newest whole checkpoint of a run lies. */
  newestCheckpoint(id: string): Promise<string | undefined>;
}

export interface Changing {
  readonly jobManager: Pick<JobManager, "jobs" | "stop" | "cancel" | "runs">;
  readonly gateway: Pick<SqlGateway, "check" | "submit">;
  readonly records: Records;
  /** Folder of savepoints. */
  readonly savepoints: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
}

/** What decides whether a job is another one. */
function hashOf(definition: JobDefinition): string {
  return createHash("sha256")
    .update(JSON.stringify(jobSchema.parse(definition)))
    .digest("hex")
    .slice(0, 16);
}

/**
 * Starts, changes and stops jobs; those that are as they are declared are left alone.
 * @returns what could not be done, a sentence for each job
 */
export async function applyJobs(definitions: readonly JobDefinition[], changing: Changing): Promise<string[]> {
  const problems: string[] = [];
  const records = await changing.records.all();
  const attempt = async (name: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      problems.push(`job ${name}: ${describeError(error)}`);
    }
  };
  for (const [name, record] of records) {
    if (definitions.some((one) => one.name === name)) continue;
    await attempt(name, () => remove(name, record, changing));
  }
  for (const definition of definitions) {
    await attempt(definition.name, () => apply(definition, records.get(definition.name), changing));
  }
  return problems;
}

async function remove(name: string, record: JobRecord, changing: Changing): Promise<void> {
  const { jobManager, records, log } = changing;
  const live = (await jobManager.jobs()).findLast((job) => job.name === name);
  if (live === undefined) return;
  const savepoint = await stopped(live.id, changing);
  await records.write(name, { ...record, id: live.id, ...(savepoint && { savepoint }) });
  log(
    `job ${name}: nobody declares it any more; stopped at ${savepoint ?? "no state"}, from which it goes on if it comes back`,
  );
}

async function apply(definition: JobDefinition, record: JobRecord | undefined, changing: Changing): Promise<void> {
  const { jobManager, records, log } = changing;
  const { name } = definition;
  const hash = hashOf(definition);
  const live = (await jobManager.jobs()).filter((job) => job.name === name);
  const running = live.at(-1);
  const isSame = record !== undefined && hashOf(record.definition) === hash;
  if (isSame && live.length === 1 && running?.id === record.id) {
    log(`job ${name}: runs as declared`);
    return;
  }
  if (record?.refused?.hash === hash) throw new FlinkRefusal(record.refused.why);
  const statements = prepared(definition, changing);
  await changing.gateway.check(statements, settingsOf(definition));
  // From here on it is known to compile: only now the one before is stopped.
  let state = record === undefined ? undefined : await stateOf(record, running?.id, changing);
  for (const job of live) state = (await stopped(job.id, changing)) ?? state;
  const isAnew = definition.startAnew !== undefined && definition.startAnew !== record?.definition.startAnew;
  const from = isAnew ? undefined : state;
  if (record !== undefined && from === undefined && !isAnew) {
    log(`job ${name}: its last run has left no state, for it never made a checkpoint`);
  }
  try {
    const id = await start(definition, from, changing);
    await records.write(name, { definition, id, ...(from && { from }) });
    log(
      `job ${name}: ${record === undefined ? "started" : "changed"}, ${from === undefined ? "from zero" : `goes on from ${from}`}`,
    );
  } catch (error) {
    if (!(error instanceof StateRefusal) || record === undefined || state === undefined) throw error;
    const why =
      `what it has kept does not fit its new SQL: ${error.message}. The job of before goes on; to have the new one ` +
      `begin from zero, set millrace:services.flink.startAnew.${name} to any new text, such as the date`;
    await goOn(record, state, { hash, why }, changing);
    throw new FlinkRefusal(why, { cause: error });
  }
}

/** Takes the definition of before up again, where it was stopped. */
async function goOn(
  record: JobRecord,
  from: string,
  refused: NonNullable<JobRecord["refused"]>,
  changing: Changing,
): Promise<void> {
  const { definition } = record;
  for (const job of await changing.jobManager.jobs()) {
    if (job.name === definition.name) await changing.jobManager.cancel(job.id);
  }
  const id = await start(definition, from, changing);
  await changing.records.write(definition.name, { definition, id, from, refused });
}

async function start(definition: JobDefinition, from: string | undefined, changing: Changing): Promise<string> {
  const settings = { ...settingsOf(definition), ...(from && { "execution.state-recovery.path": from }) };
  const id = await changing.gateway.submit(prepared(definition, changing), settings);
  await changing.jobManager.runs(id);
  return id;
}

function prepared(definition: JobDefinition, { environment }: Changing) {
  const statements = statementsOf(filledIn(definition.sql, environment));
  const problems = textProblems(statements);
  if (problems.length > 0) throw new FlinkRefusal(problems.join("; "));
  return statements;
}

function settingsOf({ name, parallelism }: JobDefinition): Record<string, string> {
  return { "pipeline.name": name, "parallelism.default": String(parallelism) };
}

/** What a job goes on from that does not run: where it stopped, or its last checkpoint, or where its run began. */
async function stateOf(
  record: JobRecord,
  running: string | undefined,
  { records }: Changing,
): Promise<string | undefined> {
  if (running !== undefined) return undefined;
  return record.savepoint ?? (await records.newestCheckpoint(record.id)) ?? record.from;
}

/** Stops a job with a savepoint; one that can make none, since it fails all the time, is ended at its last checkpoint. */
async function stopped(id: string, { jobManager, records, savepoints, log }: Changing): Promise<string | undefined> {
  try {
    return await jobManager.stop(id, savepoints);
  } catch (error) {
    log(`job ${id}: no savepoint (${describeError(error)}); it ends at its last checkpoint`);
    await jobManager.cancel(id);
    return await records.newestCheckpoint(id);
  }
}
