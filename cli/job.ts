/** Jobs on demand: made from the template that a CronJob of the platform holds, followed to their end, and removed. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { podStartMs } from "../platform/hops/limits.ts";
import { podFaults } from "../engine/providers/pod-faults.ts";
import { refusedPods } from "../engine/providers/refused-pods.ts";
import { KubeError } from "../clusters/kubernetes-client.ts";
import { UserError } from "./errors.ts";
import type { Kube } from "./kube.ts";
import { readRefusals } from "./platform.ts";
import { podTrouble, type Pod } from "./services.ts";

export type JobKube = Pick<Kube, "get" | "post" | "delete" | "follow">;

/** A container of a template, as far as its environment is changed here. */
export interface JobContainer {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

export interface JobSpec {
  readonly template: {
    readonly spec: {
      readonly initContainers?: readonly JobContainer[];
      readonly containers: readonly JobContainer[];
    };
  };
}

interface CronJob {
  readonly spec: { readonly jobTemplate: { readonly metadata?: { readonly labels?: object }; readonly spec: JobSpec } };
}

interface Job {
  readonly status?: {
    readonly succeeded?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

/** Which Job. */
export interface JobRequest {
  readonly namespace: string;
  /** Name of the CronJob that holds the template; the Job's name begins with it. */
  readonly template: string;
  /** What to tell the user when there is no such CronJob. */
  readonly missing: () => string | Promise<string>;
  /** @default - the template as it is */
  readonly change?: (spec: JobSpec) => JobSpec;
}

/** How a Job is watched. */
export interface JobWatch {
  readonly namespace: string;
  /** What its containers say, line by line. */
  readonly onLine: (line: string) => void;
  /** What it waits for between them. */
  readonly onDetail?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** After this time, in milliseconds, a container that has not started is not going to. @default `podStartMs` */
  readonly startLimitMs?: number | undefined;
  /** Between two looks, in milliseconds. @default 500 */
  readonly pollMs?: number | undefined;
}

const POLL_MS = 500;
/** A Job whose command was killed is removed by the cluster after this time. */
const KEPT_SECONDS = 600;

/**
 * Makes a Job, which is not tried again, and removes it when `use` has ended.
 * @throws UserError when there is no template, or no cluster.
 */
export async function withJob<T>(
  kube: Pick<Kube, "get" | "post" | "delete">,
  request: JobRequest,
  use: (job: string) => Promise<T>,
): Promise<T> {
  const { metadata, spec } = (await readTemplate(kube, request)).spec.jobTemplate;
  const name = `${request.template}-${randomBytes(4).toString("hex")}`;
  const jobs = `/apis/batch/v1/namespaces/${request.namespace}/jobs`;
  await kube.post(jobs, {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, labels: metadata?.labels ?? {} },
    spec: { ...(request.change?.(spec) ?? spec), backoffLimit: 0, ttlSecondsAfterFinished: KEPT_SECONDS },
  });
  try {
    return await use(name);
  } finally {
    await kube.delete(`${jobs}/${name}`, { propagationPolicy: "Background" }).catch(() => undefined);
  }
}

async function readTemplate(kube: Pick<Kube, "get">, request: JobRequest): Promise<CronJob> {
  try {
    return await kube.get<CronJob>(`/apis/batch/v1/namespaces/${request.namespace}/cronjobs/${request.template}`);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (error.status === 404) throw new UserError(await request.missing());
    if (error.status === 0) {
      throw new UserError(`${error.message}; npm run up starts the platform, npm run status shows what runs`);
    }
    throw error;
  }
}

/**
 * Hands on what the containers of a Job's pod say, one container after the other, until the pod has ended. Answers why
 * one of them did not start, if so.
 * @throws KubeError when a log breaks off.
 */
export async function followJob(
  kube: Pick<Kube, "get" | "follow">,
  job: string,
  watch: JobWatch,
): Promise<string | undefined> {
  const read = new Set<string>();
  const newLimit = (): number => Date.now() + (watch.startLimitMs ?? podStartMs);
  let limit = newLimit();
  for (;;) {
    watch.signal?.throwIfAborted();
    const pod = await podOf(kube, job, watch.namespace);
    const next = pod === undefined ? undefined : startedContainer(pod, read);
    if (pod !== undefined && next !== undefined) {
      await followContainer(kube, pod.metadata.name, next, watch);
      read.add(next);
      limit = newLimit();
      continue;
    }
    const over = pod === undefined ? read.size > 0 : hasEnded(pod) || read.size === containersOf(pod).length;
    if (over && read.size > 0) return undefined;
    const trouble = pod === undefined ? await noPod(kube, job, watch.namespace) : podTrouble(pod);
    if (over || Date.now() > limit) return trouble;
    watch.onDetail?.(trouble);
    await pause(watch);
  }
}

async function followContainer(
  kube: Pick<Kube, "follow">,
  pod: string,
  container: string,
  watch: JobWatch,
): Promise<void> {
  const path = `/api/v1/namespaces/${watch.namespace}/pods/${pod}/log?container=${container}&follow=true`;
  try {
    await kube.follow(path, watch.onLine, watch.signal);
  } catch (error) {
    watch.signal?.throwIfAborted();
    throw error;
  }
}

async function pause(watch: Pick<JobWatch, "signal" | "pollMs">): Promise<void> {
  await sleep(watch.pollMs ?? POLL_MS, undefined, { signal: watch.signal }).catch(() => watch.signal?.throwIfAborted());
}

/** Waits until a Job has ended. No reason for a failure: a container gave up by itself, so its own words tell. */
export async function jobEnd(
  kube: Pick<Kube, "get">,
  job: string,
  watch: Pick<JobWatch, "namespace" | "signal" | "pollMs">,
): Promise<{ readonly ok: boolean; readonly reason?: string }> {
  for (;;) {
    watch.signal?.throwIfAborted();
    const { status } = await kube.get<Job>(`/apis/batch/v1/namespaces/${watch.namespace}/jobs/${job}`);
    if ((status?.succeeded ?? 0) > 0) return { ok: true };
    const failed = failureOf(status);
    if (failed !== undefined) {
      if (failed.reason !== "BackoffLimitExceeded") return { ok: false, reason: failed.message ?? "the Job failed" };
      const pod = await podOf(kube, job, watch.namespace);
      if (pod === undefined) return { ok: false, reason: "its pod was removed" };
      const [fault] = podFaults(pod);
      const gaveUp = fault?.kind === "crash" && !fault.outOfMemory;
      return gaveUp ? { ok: false } : { ok: false, reason: podTrouble(pod) };
    }
    await pause(watch);
  }
}

type Condition = NonNullable<NonNullable<Job["status"]>["conditions"]>[number];

const failureOf = (status: Job["status"]): Condition | undefined =>
  status?.conditions?.find(({ type, status: is }) => type === "Failed" && is === "True");

/** The Job's pod; the newest when it had several. */
async function podOf(kube: Pick<Kube, "get">, job: string, namespace: string): Promise<Pod | undefined> {
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${job}`);
  const list = await kube.get<{ items: readonly Pod[] }>(
    `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`,
  );
  const made = (pod: Pod): string => pod.metadata.creationTimestamp ?? "";
  return list.items.toSorted((left, right) => made(left).localeCompare(made(right))).at(-1);
}

/** In the order in which they run. */
function containersOf(pod: Pod): string[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map(({ name }) => name);
}

function startedContainer(pod: Pod, read: ReadonlySet<string>): string | undefined {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const hasStarted = (name: string): boolean => {
    const state = statuses.find((status) => status.name === name)?.state;
    return state?.running !== undefined || state?.terminated !== undefined;
  };
  return containersOf(pod).find((name) => !read.has(name) && hasStarted(name));
}

const hasEnded = (pod: Pod): boolean => pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

/** Why a Job has made no pod, as far as it says. */
async function noPod(kube: Pick<Kube, "get">, job: string, namespace: string): Promise<string> {
  const { status } = await kube.get<Job>(`/apis/batch/v1/namespaces/${namespace}/jobs/${job}`);
  const failed = failureOf(status)?.message;
  if (failed !== undefined) return failed;
  return refusedPods(job, await readRefusals(kube, namespace)) ?? "it has no pod yet";
}
