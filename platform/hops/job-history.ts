/** Jobs of the platform, as the cluster's API tells the proof's own account. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { HttpSession, mustSucceed } from "./http-session.ts";

/** Where Kubernetes mounts an account's token, beside the namespace's name. */
const accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

const jobsShape = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({
        name: z.string().default(""),
        ownerReferences: z.array(z.looseObject({ kind: z.string(), name: z.string() })).default([]),
      }),
      status: z
        .looseObject({
          startTime: z.iso.datetime().optional(),
          conditions: z
            .array(
              z.looseObject({
                type: z.string(),
                status: z.string(),
                reason: z.string().default(""),
                message: z.string().default(""),
              }),
            )
            .default([]),
        })
        .default({ conditions: [] }),
    }),
  ),
});

export interface ScheduledJob {
  readonly startedAt: Date;
  /** Kubernetes' own words. */
  readonly reason: string;
}

/** How far a Job is. */
export type JobState =
  | { readonly kind: "running"; readonly startedAt: Date | undefined }
  | { readonly kind: "failed"; readonly reason: string }
  /** It has ended well, or there is none. */
  | { readonly kind: "over" };

export interface JobHistoryOptions {
  /** @default "https://kubernetes.default.svc" */
  readonly url?: string;
  /** Folder with the files `token` and `namespace`. @default - where Kubernetes mounts them */
  readonly account?: string;
}

export class JobHistory {
  readonly #http: HttpSession;
  readonly #account: string;

  constructor({ url = "https://kubernetes.default.svc", account = accountFolder }: JobHistoryOptions = {}) {
    this.#http = new HttpSession({ service: "Kubernetes", url });
    this.#account = account;
  }

  /** The Jobs of a CronJob that have failed and are still there, oldest first; those made by hand are not its own. */
  async failedOf(cronJob: string, signal?: AbortSignal): Promise<ScheduledJob[]> {
    return (await this.#jobs(`the Jobs of CronJob ${cronJob}`, signal))
      .flatMap(({ metadata, status }) => {
        const isOwn = metadata.ownerReferences.some(({ kind, name }) => kind === "CronJob" && name === cronJob);
        const reason = conditionOf(status, "Failed");
        if (!isOwn || reason === undefined || status.startTime === undefined) return [];
        return [{ startedAt: new Date(status.startTime), reason }];
      })
      .toSorted((left, right) => left.startedAt.getTime() - right.startedAt.getTime());
  }

  /** How far the Job of this name is. */
  async stateOf(job: string, signal?: AbortSignal): Promise<JobState> {
    const found = (await this.#jobs(`Job ${job}`, signal)).find(({ metadata }) => metadata.name === job);
    if (found === undefined || conditionOf(found.status, "Complete") !== undefined) return { kind: "over" };
    const reason = conditionOf(found.status, "Failed");
    if (reason !== undefined) return { kind: "failed", reason };
    const { startTime } = found.status;
    return { kind: "running", startedAt: startTime === undefined ? undefined : new Date(startTime) };
  }

  async #jobs(what: string, signal: AbortSignal | undefined): Promise<JobEntry[]> {
    // The token is renewed in its file while the proof runs.
    const [token, namespace] = await Promise.all(
      ["token", "namespace"].map((file) => readFile(`${this.#account}/${file}`, "utf8")),
    );
    const path = `/apis/batch/v1/namespaces/${namespace?.trim() ?? ""}/jobs`;
    const answer = await this.#http.send("GET", path, {
      headers: { authorization: `Bearer ${token?.trim() ?? ""}`, accept: "application/json" },
      signal,
    });
    const { text } = mustSucceed(answer, `${this.#http.where} does not list ${what}`);
    return jobsShape.parse(JSON.parse(text)).items;
  }
}

type JobEntry = z.output<typeof jobsShape>["items"][number];

/** Kubernetes' own words to a condition that is true. */
function conditionOf({ conditions }: JobEntry["status"], type: string): string | undefined {
  const found = conditions.find((condition) => condition.type === type && condition.status === "True");
  return found && `${found.reason}: ${found.message}`;
}
