/** `npm run restore`: the databases of all rooms brought back from a backup, by the Job whose template the platform holds. */
import { backups, databases } from "../config/rooms.ts";
import { type DatabaseJobWatch, runDatabaseJob } from "./backup.ts";
import type { Command } from "./command.ts";
import { confirm } from "./confirm.ts";
import { reportErrors, UserError } from "./errors.ts";
import { onInterrupt } from "./interrupt.ts";
import type { JobContainer, JobKube, JobSpec } from "./job.ts";
import { connect } from "./kube.ts";
import { withLock } from "./lock.ts";
import { stackArgs, stackOptions, text, yesOption } from "./options.ts";
import { createProgress, during } from "./progress.ts";
import { readStack } from "./stack.ts";
import { duration } from "./table.ts";

/** What `restore --json` prints. */
export interface RestoreReport {
  readonly ok: boolean;
  /** Name of the backup, which is its time; `null` when there was none to restore. */
  readonly backup: string | null;
  /** Databases that are as in the backup now. */
  readonly replaced: readonly string[];
  /** What the Job's containers said. */
  readonly lines: readonly string[];
  readonly durationMs: number;
  /** Why it failed; `null` when it did not. */
  readonly error: string | null;
}

/** Databases that are restored only when they are named. */
const byName = databases.flatMap(({ name, restoredByName }) =>
  restoredByName === undefined ? [] : [{ name, ...restoredByName }],
);
/** Whose these are: "the catalog's". */
const theirs = byName.map(({ of }) => `${of}'s`).join(" and ");
/** For example. */
const [{ name: other } = { name: "" }] = databases.filter(({ restoredByName }) => restoredByName === undefined);

/** Which backup, and what of it. */
export interface RestoreChoice {
  /** `latest`, or a backup's name. */
  readonly from: string;
  /** @default - all that the backup has, but for those that are restored by name */
  readonly database: string | undefined;
}

export const restore: Command = {
  summary: `replaces ${backups.title}'s databases with those of a backup; anything written since is lost`,
  options: {
    ...stackOptions,
    ...yesOption,
    from: { type: "string", value: "backup", help: "latest (the default), or the time of a backup: 20261121T031700Z" },
    database: {
      type: "string",
      value: "name",
      help: `only this one (default: all but ${theirs}, ${byName.map(({ name }) => name).join(" and ")})`,
    },
  },
  async run(values) {
    const args = stackArgs(values);
    const choice = restoreChoice(text(values, "from"), text(values, "database"));
    const stack = readStack(args);
    const progress = createProgress({ sink: process.stderr });
    return await withLock(stack, "restore", progress.log, async () => {
      await confirm([announcement(choice, stack.config.cluster.namespace)], {
        yes: values["yes"] === true,
        again: "npm run restore with the same options and --yes",
      });
      const interrupt = onInterrupt(() => {
        progress.log("stopping; the restore's Job is removed, and a database that it has not replaced is as it was");
      });
      try {
        const report = await during(progress, "restore", async (step) => {
          const watch = { namespace: stack.config.cluster.namespace, signal: interrupt.signal, onDetail: step.detail };
          return await runRestore(connect(stack.profile), choice, watch);
        });
        progress.stop();
        process.stdout.write(`${args.json ? JSON.stringify(report, null, 2) : renderRestore(report)}\n`);
        if (report.error !== null) reportErrors([report.error]);
        return report.ok ? 0 : 1;
      } finally {
        interrupt.release();
        progress.stop();
      }
    });
  },
};

/** @throws UserError for what can't be the name of a backup or of a database. */
export function restoreChoice(from = "latest", database?: string): RestoreChoice {
  if (from !== "latest" && !/^\d{8}T\d{6}Z$/.test(from)) {
    throw new UserError(`restore: --from "${from}" is not a backup; give latest, or a time such as 20261121T031700Z`);
  }
  if (database !== undefined && !/^[a-z_][a-z0-9_]*$/.test(database)) {
    throw new UserError(
      `restore: --database "${database}" is not the name of one database, such as ${other}; leave it out for all but ${theirs}`,
    );
  }
  return { from, database };
}

/** What is going to be replaced, said before it is. */
export function announcement({ from, database }: RestoreChoice, namespace: string): string {
  const source = from === "latest" ? "the latest backup" : `backup ${from}`;
  const what =
    database === undefined
      ? `every database that ${source} has, but for ${byName.map(({ of, name }) => `${of} (--database ${name})`).join(" and ")},`
      : `database ${database},`;
  const by = database === undefined ? "by its state in it" : `by its state in ${source}`;
  const lost = byName.find(({ name }) => name === database)?.lost ?? "anything written since is lost";
  return `restore replaces ${what} in namespace ${namespace}, ${by}; ${lost}`;
}

/**
 * Restores by a Job of its own.
 * @throws UserError when the platform makes no backups.
 */
export async function runRestore(
  kube: JobKube,
  choice: RestoreChoice,
  watch: DatabaseJobWatch,
): Promise<RestoreReport> {
  const change = (spec: JobSpec): JobSpec => withChoice(spec, choice);
  const run = await runDatabaseJob(kube, { template: backups.restore, change }, watch);
  const found = (pattern: RegExp): string[] => run.lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
  return {
    ok: run.error === null,
    backup: found(/^database \S+: fetched from backup (\S+)$/)[0] ?? null,
    replaced: found(/^database (\S+): restored$/),
    ...run,
  };
}

/** The template with the chosen backup and database, which the container that fetches reads. */
function withChoice(spec: JobSpec, { from, database = "" }: RestoreChoice): JobSpec {
  const choice: Readonly<Record<string, string>> = { BACKUP: from, DATABASES: database };
  const chosen = (container: JobContainer): JobContainer => ({
    ...container,
    env: (container.env ?? []).map((variable) => {
      const value = choice[variable.name];
      return value === undefined ? variable : { name: variable.name, value };
    }),
  });
  const pod = spec.template.spec;
  return {
    ...spec,
    template: { ...spec.template, spec: { ...pod, initContainers: (pod.initContainers ?? []).map(chosen) } },
  };
}

export function renderRestore(report: RestoreReport): string {
  const verdict = report.ok
    ? `restore done in ${duration(report.durationMs)}`
    : `restore FAILED${report.replaced.length === 0 ? "" : ` after it had replaced ${report.replaced.join(", ")}`}`;
  return [...report.lines, verdict].join("\n");
}
