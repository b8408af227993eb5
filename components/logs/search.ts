/** Searches the kept logs, through the API server. */
import { z } from "zod";
import type { KeptEntry, LogQuestion, Running } from "../../platform/operating.ts";
import { STORE, STORE_PORT } from "./names.ts";
import { nanoseconds } from "./programs/lines.ts";

const rowSchema = z.object({
  _time: z.string(),
  _msg: z.string(),
  service: z.string().default(""),
  pod: z.string(),
  container: z.string(),
});

/**
 * The last entries that fit, in the order of time; `undefined` without the logs.
 * @throws Error when the store does not answer
 */
export async function keptLogs(
  { enabled = false }: Readonly<{ enabled?: boolean | undefined }>,
  running: Pick<Running, "text">,
  question: LogQuestion,
): Promise<readonly KeptEntry[] | undefined> {
  if (!enabled) return undefined;
  const path = `/select/logsql/query?${new URLSearchParams({ query: logsQuery(question) }).toString()}`;
  const answer = await running.text(`${STORE}:${STORE_PORT}`, path);
  return answer
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { _time, _msg, service, pod, container } = rowSchema.parse(JSON.parse(line));
      return { at: nanoseconds(_time) ?? _time, service, pod, container, text: _msg };
    })
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** The question in LogsQL. */
export function logsQuery({ service, run, user, grep, sinceSeconds, lines }: LogQuestion): string {
  const text = (value: string): string => JSON.stringify(value);
  // A service of several parts is named part by part in `npm run status`, as its pods are.
  const named = (name: string): string =>
    `(service:=${text(name)} or pod:~${text(`^${escaped(name)}(-[a-z0-9]+){0,2}$`)})`;
  const filters = [
    ...(sinceSeconds === undefined ? [] : [`_time:${sinceSeconds}s`]),
    ...(service === undefined ? [] : [named(service)]),
    ...(run === undefined ? [] : [`run:=${text(run)}`]),
    ...(user === undefined ? [] : [`user:=${text(user)}`]),
    ...(grep === undefined ? [] : [`_msg:~${text(`(?i)${escaped(grep)}`)}`]),
  ];
  const fields = "_time, _msg, service, pod, container";
  return `${filters.length === 0 ? "*" : filters.join(" ")} | fields ${fields} | sort by (_time) desc limit ${lines}`;
}

/** A text as a regular expression that means it. */
function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
