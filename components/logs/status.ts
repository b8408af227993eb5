/** How far the logs are read, asked from what reads them. */
import { z } from "zod";
import { askWatcher } from "../../platform/ask-watcher.ts";
import type { Running, StatusAnswer } from "../../platform/operating.ts";
import { COLLECTOR, COLLECTOR_PORT } from "./names.ts";

export const reportSchema = z.object({
  since: z.string().nullable(),
  problem: z.string().optional(),
  containers: z.int(),
  sent: z.int(),
  skipped: z.record(z.string(), z.int()),
  troubles: z.array(z.string()).default([]),
});
export type Report = z.output<typeof reportSchema>;

const collector = { service: `${COLLECTOR}:${COLLECTOR_PORT}`, what: "the pods' logs" };

/**
 * Whether all is read, and what is missing; `undefined` without the logs.
 * @throws Error when the collector does not answer
 */
export async function logsStatus(
  { enabled = false }: Readonly<{ enabled?: boolean | undefined }>,
  running: Pick<Running, "ask">,
): Promise<StatusAnswer | undefined> {
  if (!enabled) return undefined;
  return logsAnswer(await askWatcher(running, collector, "/report", reportSchema));
}

export function logsAnswer(report: Report): StatusAnswer {
  const { since, problem, skipped, containers, sent, troubles } = report;
  const gaps = Object.entries(skipped).map(
    ([container, times]) =>
      `logs of ${container}: something is or may be missing in ${times} ${times === 1 ? "place" : "places"}; search for "millrace:" there`,
  );
  return {
    json: report,
    faults: [
      ...(since === null && problem !== undefined
        ? [`logs: nothing is kept now: ${problem}; what Kubernetes still has then is read later`]
        : []),
      ...troubles.map((words) => `logs: not read now: ${words}`),
    ],
    table: {
      header: ["logs of", "entries kept", "since"],
      rows: [[`${containers} containers`, String(sent), since === null ? "-" : `${since.slice(0, 19)}Z`]],
      below: gaps,
    },
  };
}
