/** `npm run backup`: the databases of all rooms saved to S3 now, by the Job whose template the platform holds. */
import { backups } from "../config/rooms.ts";
import { KubeError } from "../clusters/kubernetes-client.ts";
import type { Command } from "./command.ts";
import { messageOf, reportErrors } from "./errors.ts";
import { onInterrupt } from "./interrupt.ts";
import { followJob, jobEnd, type JobKube, type JobRequest, type JobWatch, withJob } from "./job.ts";
import { connect, type Kube } from "./kube.ts";
import { withLock } from "./lock.ts";
import { stackArgs, stackOptions } from "./options.ts";
import { createProgress, during } from "./progress.ts";
import { readStack } from "./stack.ts";
import { duration } from "./table.ts";

/** What `backup --json` prints. */
export interface BackupReport {
  readonly ok: boolean;
  /** Name of the new backup, which is its time; `null` when there is none. */
  readonly backup: string | null;
  /** What the Job's containers said. */
  readonly lines: readonly string[];
  readonly durationMs: number;
  /** Why it failed; `null` when it did not. */
  readonly error: string | null;
}

export const backup: Command = {
  summary: `saves ${backups.title}'s databases to S3 now; npm run restore restores them`,
  options: stackOptions,
  async run(values) {
    const args = stackArgs(values);
    const stack = readStack(args);
    const progress = createProgress({ sink: process.stderr });
    const interrupt = onInterrupt(() => {
      progress.log("stopping; the backup's Job is removed, and what it has stored does not count as a backup");
    });
    try {
      const report = await withLock(stack, "backup", progress.log, () =>
        during(progress, "backup", async (step) => {
          const watch = { namespace: stack.config.cluster.namespace, signal: interrupt.signal, onDetail: step.detail };
          return await runBackup(connect(stack.profile), watch);
        }),
      );
      progress.stop();
      process.stdout.write(`${args.json ? JSON.stringify(report, null, 2) : renderBackup(report)}\n`);
      if (report.error !== null) reportErrors([report.error]);
      return report.ok ? 0 : 1;
    } finally {
      interrupt.release();
      progress.stop();
    }
  },
};

/** How a Job on the databases is watched; its lines are gathered here. */
export type DatabaseJobWatch = Omit<JobWatch, "onLine">;

/** Where images are pulled over a network, that may take longer than a start. */
const START_LIMIT_MS = 180_000;

/**
 * Makes a backup by a Job of its own.
 * @throws UserError when the platform makes no backups.
 */
export async function runBackup(kube: JobKube, watch: DatabaseJobWatch): Promise<BackupReport> {
  const run = await runDatabaseJob(kube, { template: backups.save }, watch);
  const name = run.lines
    .map((line) => /^backup (\S+) is complete$/.exec(line)?.[1])
    .find((found) => found !== undefined);
  return { ok: run.error === null, backup: name ?? null, ...run };
}

/**
 * Runs a Job on the databases to its end and gathers what its containers say.
 * @throws UserError when the platform makes no backups.
 */
export async function runDatabaseJob(
  kube: JobKube,
  job: Pick<JobRequest, "template" | "change">,
  watch: DatabaseJobWatch,
): Promise<Pick<BackupReport, "lines" | "durationMs" | "error">> {
  const started = Date.now();
  const { namespace } = watch;
  const lines: string[] = [];
  const onLine = (line: string): void => {
    if (line.trim() === "") return;
    lines.push(line);
    watch.onDetail?.(line);
  };
  const request = { ...job, namespace, missing: () => noBackups(kube, namespace) };
  const error = await withJob(kube, request, async (name) => {
    const trouble = await followJob(kube, name, { startLimitMs: START_LIMIT_MS, ...watch, onLine }).catch(
      (reason: unknown) => {
        watch.signal?.throwIfAborted();
        // The Job goes on without a reader.
        onLine(`its log broke off: ${messageOf(reason)}`);
        return undefined;
      },
    );
    if (trouble !== undefined) return `its pod did not start: ${trouble}`;
    const { ok, reason } = await jobEnd(kube, name, watch);
    return ok ? null : (reason ?? lines.at(-1) ?? "it failed without a message");
  });
  return { lines, durationMs: Date.now() - started, error };
}

/** Why there is no template of a backup. */
async function noBackups(kube: Pick<Kube, "get">, namespace: string): Promise<string> {
  try {
    await kube.get(`/apis/apps/v1/namespaces/${namespace}/statefulsets/${backups.set}`);
  } catch (error) {
    if (!(error instanceof KubeError && error.status === 404)) throw error;
    return (
      `there is no ${backups.title} in namespace ${namespace}: the platform is not up, or was last brought up by an earlier ` +
      "version; npm run up brings it"
    );
  }
  return (
    `${backups.title} in namespace ${namespace} has no backups: set ${backups.setting} of millrace:services to true, ` +
    "then npm run up"
  );
}

export function renderBackup(report: BackupReport): string {
  const verdict = report.ok ? `backup done in ${duration(report.durationMs)}` : "backup FAILED; earlier backups stay";
  return [...report.lines, verdict].join("\n");
}
