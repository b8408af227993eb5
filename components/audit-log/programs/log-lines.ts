/** Deeds that lines of logs tell, asked from the logs' store. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { askText } from "../../../platform/ask-text.ts";
import type { AuditedLines, Deed } from "../../../platform/auditing.ts";

const rowShape = z.object({ _time: z.string(), _msg: z.string(), pod: z.string(), user: z.string().default("") });
/** Entries of an answer; what is beyond is asked for at once. */
const MOST = 2000;

export type Lines = Pick<AuditedLines, "action" | "filter" | "pattern" | "outcome">;

/** @throws Error when the store does not answer */
export async function deedsInLogs(
  url: string,
  lines: Lines,
  after: Date,
  signal: AbortSignal,
  most = MOST,
): Promise<Deed[]> {
  const deeds: Deed[] = [];
  let last = after.toISOString();
  for (;;) {
    const rows = await entriesAfter(url, lines.filter, last, most, signal);
    deeds.push(...rows.flatMap((row) => deedIn(row, lines)));
    const next = rows.at(-1)?.time;
    if (rows.length < most || next === undefined || next === last) return deeds;
    last = next;
  }
}

interface Row {
  /** In ISO 8601, to the nanosecond. */
  readonly time: string;
  readonly text: string;
  readonly pod: string;
  /** Whom the pod belongs to; empty: nobody in particular. */
  readonly user: string;
}

async function entriesAfter(
  url: string,
  filter: string,
  time: string,
  most: number,
  signal: AbortSignal,
): Promise<Row[]> {
  const query = `_time:>${time} ${filter} | fields _time, _msg, pod, user | sort by (_time) limit ${most}`;
  const text = await askText(`${url}/select/logsql/query`, signal, {
    method: "POST",
    body: new URLSearchParams({ query }),
  });
  return text.split("\n").flatMap((line): Row[] => {
    if (line === "") return [];
    const row = rowShape.parse(JSON.parse(line));
    return [{ time: row._time, text: row._msg.trimEnd(), pod: row.pod, user: row.user }];
  });
}

function deedIn({ time, text, pod, user: owner }: Row, { action, pattern, outcome = "ok" }: Lines): Deed[] {
  const found = pattern.exec(text);
  const user = found?.groups?.["user"] ?? owner;
  if (found === null || user === "") return [];
  const id = createHash("sha256").update(`${time}\n${pod}\n${text}`).digest("hex").slice(0, 24);
  return [{ id, at: new Date(time).toISOString(), user, action, object: found.groups?.["object"] ?? "", outcome }];
}
