/** The state of pods, claims and scheduled Jobs, as the cluster's API has it. */
import { z } from "zod";
import type { Sample } from "../../../platform/watching.ts";
import { NAME_LABEL } from "../../../platform/names.ts";

const metadata = z.looseObject({
  name: z.string(),
  namespace: z.string().default(""),
  labels: z.record(z.string(), z.string()).default({}),
  ownerReferences: z.array(z.looseObject({ kind: z.string(), name: z.string() })).default([]),
});
const condition = z.looseObject({ type: z.string(), status: z.string() });
const podSchema = z.looseObject({
  metadata,
  status: z.looseObject({
    phase: z.string().default("Unknown"),
    conditions: z.array(condition).default([]),
    containerStatuses: z.array(z.looseObject({ name: z.string(), restartCount: z.number().default(0) })).default([]),
  }),
});
const cronJobSchema = z.looseObject({
  metadata,
  spec: z.looseObject({ schedule: z.string(), suspend: z.boolean().default(false) }),
  status: z.looseObject({ lastSuccessfulTime: z.string().optional() }).default({}),
});
const jobSchema = z.looseObject({
  metadata,
  status: z
    .looseObject({ startTime: z.string().optional(), conditions: z.array(condition).default([]) })
    .default({ conditions: [] }),
});
export const listSchema = z.looseObject({ items: z.array(z.unknown()) });

/** @param pods Items of lists, as all others. */
export function objectSamples({
  pods,
  cronJobs,
  jobs,
}: {
  readonly pods: readonly unknown[];
  readonly cronJobs: readonly unknown[];
  readonly jobs: readonly unknown[];
}): Sample[] {
  return [...pods.flatMap(podSamples), ...cronJobSamples(cronJobs, jobs)];
}

function podSamples(item: unknown): Sample[] {
  const { metadata: meta, status } = podSchema.parse(item);
  const labels = { namespace: meta.namespace, pod: meta.name, service: meta.labels[NAME_LABEL] ?? meta.name };
  const restarts = status.containerStatuses.map(({ name, restartCount }) => ({
    name: "millrace_container_restarts_total",
    labels: { ...labels, container: name },
    value: restartCount,
  }));
  // Pods that end by themselves are never ready in the end.
  const endsItself = meta.ownerReferences.some(({ kind }) => kind === "Job") || meta.ownerReferences.length === 0;
  if (endsItself || status.phase === "Succeeded" || status.phase === "Failed") return restarts;
  const isReady = status.conditions.some(({ type, status: is }) => type === "Ready" && is === "True");
  return [...restarts, { name: "millrace_pod_ready", labels, value: Number(isReady) }];
}

function cronJobSamples(cronJobs: readonly unknown[], jobs: readonly unknown[]): Sample[] {
  const runs = jobs.map((job) => jobSchema.parse(job));
  return cronJobs.flatMap((item) => {
    const { metadata: meta, spec, status } = cronJobSchema.parse(item);
    if (spec.suspend) return [];
    const labels = { namespace: meta.namespace, cronjob: meta.name };
    const own = runs
      .filter(({ metadata: of }) =>
        of.ownerReferences.some(({ kind, name }) => kind === "CronJob" && name === meta.name),
      )
      .sort((a, b) => (a.status.startTime ?? "").localeCompare(b.status.startTime ?? ""));
    const ended = own.filter(({ status: of }) => of.conditions.some(({ status: is }) => is === "True"));
    const hasFailed =
      ended.at(-1)?.status.conditions.some(({ type, status: is }) => type === "Failed" && is === "True") ?? false;
    const [, hour = "*", ...days] = spec.schedule.split(" ");
    const last = Date.parse(status.lastSuccessfulTime ?? "") / 1000;
    return [
      { name: "millrace_cronjob_last_failed", labels, value: Number(hasFailed) },
      { name: "millrace_cronjob_is_daily", labels, value: Number(days.every((part) => part === "*") && hour !== "*") },
      ...(Number.isNaN(last) ? [] : [{ name: "millrace_cronjob_last_success_seconds", labels, value: last }]),
    ];
  });
}
