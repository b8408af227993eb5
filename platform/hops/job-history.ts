/** Jobs that a CronJob of the platform has made, as the cluster's API tells the proof's own account. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { HttpSession, mustSucceed } from "./http-session.ts";

/** Where Kubernetes mounts an account's token, beside the namespace's name. */
const accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

const jobsShape = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({
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
    // The token is renewed in its file while the proof runs.
    const [token, namespace] = await Promise.all(
      ["token", "namespace"].map((file) => readFile(`${this.#account}/${file}`, "utf8")),
    );
    const path = `/apis/batch/v1/namespaces/${namespace?.trim() ?? ""}/jobs`;
    const answer = await this.#http.send("GET", path, {
      headers: { authorization: `Bearer ${token?.trim() ?? ""}`, accept: "application/json" },
      signal,
    });
    const { text } = mustSucceed(answer, `${this.#http.where} does not list the Jobs of CronJob ${cronJob}`);
    return jobsShape
      .parse(JSON.parse(text))
      .items.flatMap(({ metadata, status }) => {
        const isOwn = metadata.ownerReferences.some(({ kind, name }) => kind === "CronJob" && name === cronJob);
        const failure = status.conditions.find(({ type, status: is }) => type === "Failed" && is === "True");
        if (!isOwn || failure === undefined || status.startTime === undefined) return [];
        return [{ startedAt: new Date(status.startTime), reason: `${failure.reason}: ${failure.message}` }];
      })
      .toSorted((left, right) => left.startedAt.getTime() - right.startedAt.getTime());
  }
}
