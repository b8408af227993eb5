/**
 * The proof of the data path, seen from outside: its report lines read, shown, and its Job run on demand. It is no service
 * among others: every deploy ends with it, so the commands know it by its name.
 */
import type { Enforcement } from "../check/enforcement.ts";
import { openWords } from "../check/report.ts";
import { messageOf } from "./errors.ts";
import { followJob, withJob } from "./job.ts";
import type { Kube } from "./kube.ts";
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

/** A hop that was not asked, and why. */
export interface SkippedHop {
  readonly hop: string;
  readonly reason: string;
}

export interface ProofReport {
  readonly ok: boolean;
  readonly run: string | null;
  readonly failedHop: string | null;
  readonly ms: number;
  readonly hops: readonly Hop[];
  /** What was not asked; it makes no proof better or worse. */
  readonly skipped: readonly SkippedHop[];
  /** Whether the cluster's network does as its policies say; `null`: there are none, or the proof did not get that far. */
  readonly policies: Enforcement | null;
  /** Why there is no complete report, when there is none. */
  readonly error: string | null;
}

/** Gathers the JSON lines that the proof prints on stdout; other lines are its words for people. */
export class ProofReader {
  readonly hops: Hop[] = [];
  readonly skipped: SkippedHop[] = [];
  #end: Pick<ProofReport, "ok" | "run" | "failedHop" | "ms" | "policies"> | undefined;
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
    const skipped = word("skipped");
    if (skipped !== null) this.skipped.push({ hop: skipped, reason: word("reason") ?? "" });
    if (word("proof") !== null) {
      this.#end = {
        ok: word("proof") === "ok",
        run: word("run"),
        failedHop: word("failedHop"),
        ms: count("ms") ?? 0,
        policies: word("policies") as Enforcement | null,
      };
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
      skipped: this.skipped,
      policies: this.#end?.policies ?? null,
      error: this.#end === undefined ? (error ?? "the proof ended without a result") : null,
    };
  }
}

/**
 * The hop table, the verdict, and at the very end that the network does not do as its policies say.
 * @param beside What else was found, between the two. @default - nothing
 */
export function renderProof(report: ProofReport, beside: readonly string[] = []): string {
  const asked = report.hops.map((hop) => [
    hop.hop,
    hop.ok ? "ok" : "FAILED",
    hop.count === null ? "-" : String(hop.count),
    hop.distinct === null ? "-" : String(hop.distinct),
    hop.checksum?.slice(0, 12) ?? "-",
    duration(hop.ms),
    hop.message,
  ]);
  const open = openWords(report.policies);
  const rows = [...asked, ...report.skipped.map(({ hop, reason }) => [hop, "skipped", "-", "-", "-", "-", reason])];
  const verdict = report.ok
    ? `proof ok: every record went the whole way, ${asked.length} hops asked, ${report.skipped.length} skipped (run ${report.run ?? "?"}, ${duration(report.ms)})`
    : `proof FAILED${report.failedHop === null ? "" : ` at ${report.failedHop}`}${report.error === null ? "" : `: ${report.error}`}`;
  return [
    ...(rows.length === 0 ? [] : [table(["hop", "result", "count", "distinct", "checksum", "time", "note"], rows)]),
    verdict,
    ...beside,
    ...(open === undefined ? [] : [open]),
  ].join("\n");
}

/** The Job that the program makes; the suspended CronJob beside it is the template for proofs on demand. */
const PROGRAM_JOB = "proof";
const TEMPLATE = "proof-on-demand";

export interface ProofOptions {
  readonly namespace: string;
  readonly onHop?: (hop: Hop) => void;
  readonly onDetail?: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** @default `podStartMs` */
  readonly startLimitMs?: number;
}

/**
 * Runs the proof once more as a Job of its own, which is removed at the end.
 * @throws UserError when the platform has no proof to run.
 */
export async function runProof(kube: Kube, options: ProofOptions): Promise<ProofReport> {
  const { namespace } = options;
  const missing = (): string =>
    `there is no proof in namespace ${namespace}: the platform is not up (npm run up), or millrace:proof is off in the stack`;
  return await withJob(kube, { namespace, template: TEMPLATE, missing }, (job) => readProof(kube, job, options));
}

/** The report of the Job that the program made in this `up`, read from its pod's log. */
export async function readProgramProof(kube: Kube, options: ProofOptions): Promise<ProofReport> {
  return await readProof(kube, PROGRAM_JOB, options);
}

async function readProof(kube: Kube, job: string, options: ProofOptions): Promise<ProofReport> {
  const reader = new ProofReader();
  let lastWords = "";
  const onLine = (text: string): void => {
    const hop = reader.line(text);
    if (hop !== undefined) options.onHop?.(hop);
    else if (text.trim() !== "" && !text.startsWith("{")) {
      lastWords = text;
      options.onDetail?.(text);
    }
  };
  const onDetail = (text: string): void => options.onDetail?.(`the proof's pod: ${text}`);
  try {
    const trouble = await followJob(kube, job, { ...options, onLine, onDetail });
    if (trouble !== undefined) return reader.report(`the proof's own pod did not start: ${trouble}`);
  } catch (error) {
    options.signal?.throwIfAborted();
    return reader.report(`the proof could not be followed to its end: ${messageOf(error)}`);
  }
  return reader.report(lastWords === "" ? undefined : `the proof ended without a result; its last lines: ${lastWords}`);
}
