/** Deeds that lines of logs tell, asked from the logs' store. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { describeError } from "../../../platform/describe-error.ts";
import type { AuditedLines, Deed } from "../../../platform/auditing.ts";

const rowShape = z.object({ _time: z.string(), _msg: z.string(), pod: z.string(), user: z.string().default("") });
/** Most entries of an answer. What is beyond comes with the next one. */
const MOST = 2000;

export type Lines = Pick<AuditedLines, "action" | "filter" | "pattern" | "outcome">;

/** @throws Error when the store does not answer */
export async function deedsInLogs(
  url: string,
  { action, filter, pattern, outcome = "ok" }: Lines,
  after: Date,
  signal: AbortSignal,
): Promise<Deed[]> {
  const query =
    `_time:>${after.toISOString()} ${filter} ` + `| fields _time, _msg, pod, user | sort by (_time) limit ${MOST}`;
  const answer = await fetch(`${url}/select/logsql/query`, {
    method: "POST",
    body: new URLSearchParams({ query }),
    signal,
  }).catch((error: unknown) => {
    throw new Error(`${url} can't be reached: ${describeError(error)}`, { cause: error });
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${text.slice(0, 200)}`);
  return text.split("\n").flatMap((line): Deed[] => {
    if (line === "") return [];
    const { _time: at, _msg: entry, pod, user: known } = rowShape.parse(JSON.parse(line));
    const groups = pattern.exec(entry.trimEnd())?.groups;
    const user = groups?.["user"] ?? known;
    if (groups === undefined || user === "") return [];
    const id = createHash("sha256").update(`${at}\n${pod}\n${entry}`).digest("hex").slice(0, 24);
    return [{ id, at: new Date(at).toISOString(), user, action, object: groups["object"] ?? "", outcome }];
  });
}
