/** The proof of the data path, seen from outside: its report lines read, shown, and its Job run on demand. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { messageOf, UserError } from "./errors.ts";
import { KubeError, type Kube } from "./kube.ts";
import { podTrouble, type Pod } from "./services.ts";
import { duration, table } from "./table.ts";

export interface Hop {
  readonly hop: string;
  readonly ok: boolean;
  readonly count: number | null;
  readonly distinct: number | null;
  readonly checksum: string | null;
  readonly ms: number;
  readonly message: string;
}

export interface ProofReport {
  readonly ok: boolean;
  readonly run: string | null;
  readonly failedHop: string | null;
  readonly ms: number;
  readonly hops: readonly Hop[];
  /** Why there is no complete report, when there is none. */
  readonly error: string | null;
}

/** Gathers the JSON lines that the proof prints on stdout; other lines are its words for people. */
export class ProofReader {
  readonly hops: Hop[] = [];
  #end: { ok: boolean; run: string | null; failedHop: string | null; ms: number } | undefined;
  #order: readonly unknown[] = [];

  /** Reads a line; answers it as a hop when it is one. */
  line(text: string): Hop | undefined {
    if (!text.startsWith("{")) return undefined;
    let value: Record<string, unknown>;
    try {
      value = JSON.parse(text) as Record<string, unknown>;
    } catch {
      return undefined;
    }
    const word = (key: string): string | null => (typeof value[key] === "string" ? value[key] : null);
    const count = (key: string): number | null => (typeof value[key] === "number" ? value[key] : null);
    const name = word("hop");
    if (name !== null) {
      const hop: Hop = {
        hop: name,
        ok: value["ok"] === true,
        count: count("count"),
        distinct: count("distinct"),
        checksum: word("checksum"),
        ms: count("ms") ?? 0,
        message: word("message") ?? "",
      };
      this.hops.push(hop);
      return hop;
    }
    if (word("proof") !== null) {
      this.#end = { ok: word("proof") === "ok", run: word("run"), failedHop: word("failedHop"), ms: count("ms") ?? 0 };
      this.#order = Array.isArray(value["hops"]) ? value["hops"] : [];
    }
    return undefined;
  }

  report(error?: string): ProofReport {
    const failed = this.hops.find((hop) => !hop.ok);
    return {
      ok: this.#end?.ok === true && failed === undefined,
      run: this.#end?.run ?? null,
      failedHop: this.#end?.failedHop ?? failed?.hop ?? null,
      ms: this.#end?.ms ?? this.hops.reduce((total, hop) => total + hop.ms, 0),
      hops: this.hops.toSorted((left, right) => this.#order.indexOf(left.hop) - this.#order.indexOf(right.hop)),
      error: this.#end === undefined ? (error ?? "the proof ended without a result") : null,
    };
  }
}

/** The hop table and the verdict. */
export function renderProof(report: ProofReport): string {
  const rows = report.hops.map((hop) => [
    hop.hop,
    hop.ok ? "ok" : "FAILED",
    hop.count === null ? "-" : String(hop.count),
    hop.distinct === null ? "-" : String(hop.distinct),
    hop.checksum?.slice(0, 12) ?? "-",
    duration(hop.ms),
    hop.message,
  ]);
  const verdict = report.ok
    ? `proof ok: every record went the whole way (run ${report.run ?? "?"}, ${duration(report.ms)})`
    : `proof FAILED${report.failedHop === null ? "" : ` at ${report.failedHop}`}${report.error === null ? "" : `: ${report.error}`}`;
  return [
    ...(rows.length === 0 ? [] : [table(["hop", "result", "count", "distinct", "checksum", "time", "note"], rows)]),
    verdict,
  ].join("\n");
}

interface Job {
  readonly metadata: { readonly name: string; readonly uid?: string };
  readonly status?: {
    readonly succeeded?: number;
    readonly failed?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
      readonly reason?: string;
    }[];
  };
}

interface CronJob {
  readonly spec: { readonly jobTemplate: { readonly metadata?: { labels?: object }; readonly spec: object } };
}

/** The Job that the program makes; the suspended CronJob beside it is the template for proofs on demand. */
const PROGRAM_JOB = "proof";
const TEMPLATE = "proof-on-demand";
/** A pod that has not started by then is not going to: the reason is more useful than more waiting. */
const START_LIMIT_MS = 60_000;
const POLL_MS = 500;

export interface ProofOptions {
  readonly namespace: string;
  readonly onHop?: (hop: Hop) => void;
  readonly onDetail?: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** @default 60000 */
  readonly startLimitMs?: number;
}

/**
 * Runs the proof once more as a Job of its own, which is removed at the end.
 * @throws UserError when the platform has no proof to run.
 */
export async function runProof(kube: Kube, options: ProofOptions): Promise<ProofReport> {
  const template = await readTemplate(kube, options.namespace);
  const name = `${TEMPLATE}-${randomBytes(4).toString("hex")}`;
  const jobs = `/apis/batch/v1/namespaces/${options.namespace}/jobs`;
  const labels = template.spec.jobTemplate.metadata?.labels ?? {};
  await kube.post(jobs, {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, labels },
    spec: { ...template.spec.jobTemplate.spec, backoffLimit: 0, ttlSecondsAfterFinished: 600 },
  });
  try {
    return await followJob(kube, name, options);
  } finally {
    await kube.delete(`${jobs}/${name}`, { propagationPolicy: "Background" }).catch(() => undefined);
  }
}

async function readTemplate(kube: Kube, namespace: string): Promise<CronJob> {
  try {
    return await kube.get<CronJob>(`/apis/batch/v1/namespaces/${namespace}/cronjobs/${TEMPLATE}`);
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) {
      throw new UserError(
        `there is no proof in namespace ${namespace}: the platform is not up (npm run up), or millrace:proof is off in the stack`,
      );
    }
    if (error instanceof KubeError && error.status === 0) {
      throw new UserError(`${error.message}; npm run up starts the platform, npm run status shows what runs`);
    }
    throw error;
  }
}

/** The report of the Job that the program made in this `up`, read from its pod's log. */
export async function readProgramProof(kube: Kube, options: ProofOptions): Promise<ProofReport> {
  return await followJob(kube, PROGRAM_JOB, options);
}

/** Waits for a Job's pod, reads its log to the end and answers the report. */
async function followJob(kube: Kube, job: string, options: ProofOptions): Promise<ProofReport> {
  const reader = new ProofReader();
  const pods = `/api/v1/namespaces/${options.namespace}/pods`;
  const pod = await startedPod(kube, job, options);
  if ("trouble" in pod) return reader.report(`the proof's own pod did not start: ${pod.trouble}`);
  let lastWords = "";
  try {
    await kube.follow(
      `${pods}/${pod.name}/log?follow=true`,
      (text) => {
        const hop = reader.line(text);
        if (hop !== undefined) options.onHop?.(hop);
        else if (text.trim() !== "" && !text.startsWith("{")) {
          lastWords = text;
          options.onDetail?.(text);
        }
      },
      options.signal,
    );
  } catch (error) {
    return reader.report(`the proof's log ended early: ${messageOf(error)}`);
  }
  return reader.report(lastWords === "" ? undefined : `the proof ended without a result; its last words: ${lastWords}`);
}

async function startedPod(
  kube: Kube,
  job: string,
  options: ProofOptions,
): Promise<{ name: string } | { trouble: string }> {
  const limit = Date.now() + (options.startLimitMs ?? START_LIMIT_MS);
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${job}`);
  let trouble = "it was not made";
  for (;;) {
    options.signal?.throwIfAborted();
    const list = await kube.get<{ items: readonly Pod[] }>(
      `/api/v1/namespaces/${options.namespace}/pods?labelSelector=${selector}`,
    );
    const started = list.items.findLast((pod) => pod.status?.phase !== undefined && pod.status.phase !== "Pending");
    if (started !== undefined) return { name: started.metadata.name };
    const pending = list.items[0];
    if (pending === undefined) trouble = await jobTrouble(kube, job, options.namespace);
    else trouble = podTrouble(pending);
    options.onDetail?.(`the proof's pod: ${trouble}`);
    if (Date.now() > limit) return { trouble };
    await sleep(POLL_MS);
  }
}

/** Why a Job has made no pod, as far as it says. */
async function jobTrouble(kube: Kube, job: string, namespace: string): Promise<string> {
  const found = await kube.get<Job>(`/apis/batch/v1/namespaces/${namespace}/jobs/${job}`);
  const failed = found.status?.conditions?.find(
    (condition) => condition.type === "Failed" && condition.status === "True",
  );
  return failed?.message ?? "it has no pod yet";
}
