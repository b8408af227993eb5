/** `npm run backup`: PostgreSQL's databases saved to S3 now, or brought back, by the Jobs whose templates the platform holds. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { Command } from "./command.ts";
import { reportErrors, UserError } from "./errors.ts";
import { onInterrupt } from "./interrupt.ts";
import { connect, type Kube, KubeError } from "./kube.ts";
import { stackArgs, stackOptions, text } from "./options.ts";
import { createProgress, during } from "./progress.ts";
import { podTrouble, type Pod } from "./services.ts";
import { readStack } from "./stack.ts";
import { duration } from "./table.ts";

/** What `backup --json` prints. */
export interface BackupReport {
  readonly ok: boolean;
  readonly action: "backup" | "restore";
  /** What its containers said. */
  readonly lines: readonly string[];
  readonly durationMs: number;
  /** Why it failed; `null` when it did not. */
  readonly error: string | null;
}

export const backup: Command = {
  summary: "saves PostgreSQL's databases to S3 now; --restore brings a backup back",
  options: {
    ...stackOptions,
    restore: {
      type: "string",
      value: "backup",
      help: "bring this backup back: latest, or its time (20261121T031700Z)",
    },
    databases: {
      type: "string",
      value: "names",
      help: "with --restore: only these, separated by commas (default all)",
    },
  },
  async run(values) {
    const args = stackArgs(values);
    const request = requested(text(values, "restore"), text(values, "databases"));
    const stack = readStack(args);
    const progress = createProgress({ sink: process.stderr });
    const interrupt = onInterrupt(() => {
      progress.log("stopping; the Job is removed, and what it has not finished has changed nothing");
    });
    try {
      const report = await during(progress, request.action, (step) =>
        runBackup(connect(stack.profile), request, {
          namespace: stack.config.cluster.namespace,
          signal: interrupt.signal,
          onDetail: step.detail,
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

type Request =
  | { readonly action: "backup" }
  | { readonly action: "restore"; readonly backup: string; readonly databases: readonly string[] };

/** @throws UserError for a backup's name that is none, or databases without a restore. */
export function requested(restore: string | undefined, databases: string | undefined): Request {
  if (restore === undefined) {
    if (databases !== undefined) {
      throw new UserError("backup: --databases chooses what --restore brings back; a backup always has all of them");
    }
    return { action: "backup" };
  }
  if (restore !== "latest" && !/^\d{8}T\d{6}Z$/.test(restore)) {
    throw new UserError(`backup: --restore "${restore}" is no backup; give latest, or a time such as 20261121T031700Z`);
  }
  return { action: "restore", backup: restore, databases: (databases ?? "").split(",").filter((name) => name !== "") };
}

interface Container {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

interface JobSpec {
  readonly template: { readonly spec: { readonly initContainers?: readonly Container[] } };
}

interface Template {
  readonly spec: { readonly jobTemplate: { readonly metadata?: { readonly labels?: object }; readonly spec: JobSpec } };
}

interface Job {
  readonly status?: {
    readonly succeeded?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

export interface BackupOptions {
  readonly namespace: string;
  readonly signal?: AbortSignal;
  readonly onDetail?: (text: string) => void;
  /** Between two looks at the Job. @default 1000 */
  readonly pollMs?: number;
}

type BackupKube = Pick<Kube, "get" | "post" | "delete" | "text">;

/**
 * Runs the Job, which is removed at the end, and reads what its containers said.
 * @throws UserError when the platform makes no backups.
 */
export async function runBackup(kube: BackupKube, request: Request, options: BackupOptions): Promise<BackupReport> {
  const started = Date.now();
  const { namespace } = options;
  const template = await readTemplate(kube, namespace, `postgres-${request.action}`);
  const name = `postgres-${request.action}-${randomBytes(4).toString("hex")}`;
  const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  const { metadata, spec } = template.spec.jobTemplate;
  await kube.post(jobs, {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, labels: metadata?.labels ?? {} },
    spec: { ...(request.action === "restore" ? withChoice(spec, request) : spec), backoffLimit: 0 },
  });
  try {
    const failure = await jobEnd(kube, `${jobs}/${name}`, name, options);
    const lines = await logLines(kube, namespace, name);
    const error = failure === undefined ? null : (lines.at(-1) ?? failure);
    return { ok: error === null, action: request.action, lines, durationMs: Date.now() - started, error };
  } finally {
    await kube.delete(`${jobs}/${name}`, { propagationPolicy: "Background" }).catch(() => undefined);
  }
}

async function readTemplate(kube: Pick<Kube, "get">, namespace: string, name: string): Promise<Template> {
  try {
    return await kube.get<Template>(`/apis/batch/v1/namespaces/${namespace}/cronjobs/${name}`);
  } catch (error) {
    if (!(error instanceof KubeError && error.status === 404)) throw error;
    throw new UserError(
      `there are no backups in namespace ${namespace}: PostgreSQL is not part of what runs there, or ` +
        "millrace:services.postgres.backup is off in the stack",
    );
  }
}

/** The template with the chosen backup and databases. */
function withChoice(spec: JobSpec, { backup: chosen, databases }: Extract<Request, { action: "restore" }>): JobSpec {
  const choice: Readonly<Record<string, string>> = { BACKUP: chosen, DATABASES: databases.join(" ") };
  const pod = spec.template.spec;
  const initContainers = (pod.initContainers ?? []).map((container) => ({
    ...container,
    env: (container.env ?? []).map((variable) => {
      const value = choice[variable.name];
      return value === undefined ? variable : { name: variable.name, value };
    }),
  }));
  return { ...spec, template: { ...spec.template, spec: { ...pod, initContainers } } };
}

/** Waits for the Job's end; answers why it failed. */
async function jobEnd(
  kube: BackupKube,
  path: string,
  name: string,
  { namespace, signal, onDetail, pollMs = 1000 }: BackupOptions,
): Promise<string | undefined> {
  for (;;) {
    signal?.throwIfAborted();
    const { status } = await kube.get<Job>(path);
    if ((status?.succeeded ?? 0) > 0) return undefined;
    const failed = status?.conditions?.find(({ type, status: is }) => type === "Failed" && is === "True");
    if (failed !== undefined) return failed.message ?? "the Job failed";
    const [pod] = await podsOf(kube, namespace, name);
    onDetail?.(pod === undefined ? "its pod is not there yet" : podTrouble(pod));
    await sleep(pollMs, undefined, { signal });
  }
}

async function podsOf(kube: BackupKube, namespace: string, job: string): Promise<readonly Pod[]> {
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${job}`);
  const list = await kube.get<{ items: readonly Pod[] }>(
    `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`,
  );
  return list.items;
}

/** What the containers of the Job's pod said, in the order in which they ran. */
async function logLines(kube: BackupKube, namespace: string, job: string): Promise<string[]> {
  const [pod] = await podsOf(kube, namespace, job);
  if (pod === undefined) return [];
  const names = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((container) => container.name);
  const logs: string[] = [];
  for (const name of names) {
    // A container that was not reached has no log.
    const log = await kube
      .text(`/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/log?container=${name}`)
      .catch(() => "");
    logs.push(...log.split("\n").filter((line) => line.trim() !== ""));
  }
  return logs;
}

export function renderBackup(report: BackupReport): string {
  const verdict = report.ok
    ? `${report.action} done in ${duration(report.durationMs)}`
    : `${report.action} FAILED; nothing was changed`;
  return [...report.lines, verdict].join("\n");
}
