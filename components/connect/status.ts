/** How the connectors are, asked from what watches over them, through the API server. */
import { z } from "zod";
import { askWatcher } from "../../platform/ask-watcher.ts";
import type { Running, StatusAnswer } from "../../platform/operating.ts";
import { SUPERVISOR, SUPERVISOR_PORT } from "./names.ts";

const reportSchema = z.object({
  seen: z.string().nullable(),
  problem: z.string().optional(),
  connectors: z.array(
    z.object({
      name: z.string(),
      isOurs: z.boolean(),
      condition: z.string(),
      tasks: z.object({ running: z.int(), all: z.int() }),
      lag: z.number().optional(),
      restarts: z.int(),
      problem: z.string().optional(),
      lastFailure: z.object({ at: z.string(), words: z.string() }).optional(),
      nextStart: z.string().optional(),
    }),
  ),
});
export type Report = z.output<typeof reportSchema>;

/**
 * Connectors, tasks, lag, failures and restarts; `undefined` without Connect.
 * @throws Error when the supervisor does not answer
 */
export async function connectorStatus(
  { enabled = false }: { readonly enabled?: boolean | undefined },
  running: Pick<Running, "ask">,
): Promise<StatusAnswer | undefined> {
  if (!enabled) return undefined;
  const supervisor = { service: `${SUPERVISOR}:${SUPERVISOR_PORT}`, what: "the connectors" };
  return connectorAnswer(await askWatcher(running, supervisor, "/connectors", reportSchema));
}

export function connectorAnswer(report: Report): StatusAnswer {
  const { problem, connectors } = report;
  return {
    json: report,
    faults: [
      ...(problem === undefined ? [] : [`Kafka Connect: ${problem}`]),
      ...connectors.flatMap(({ name, isOurs, condition, problem: words }) =>
        words === undefined || !isOurs
          ? []
          : [`connector ${name} ${condition === "refused" ? "is refused" : "has failed"}: ${words}`],
      ),
    ],
    ...(connectors.length > 0 && {
      table: {
        header: ["connector", "state", "tasks", "lag", "restarts", "last failure"],
        rows: connectors.map(({ name, isOurs, condition, tasks, lag, restarts, lastFailure }) => [
          isOurs ? name : `${name} (not the platform's)`,
          condition,
          `${tasks.running}/${tasks.all}`,
          lag === undefined ? "-" : String(lag),
          String(restarts),
          lastFailure === undefined ? "-" : `${lastFailure.at.slice(0, 19)}Z ${lastFailure.words}`,
        ]),
        below: connectors.flatMap(({ name, nextStart }) =>
          nextStart === undefined ? [] : [`connector ${name} is started anew at ${nextStart.slice(0, 19)}Z`],
        ),
      },
    }),
  };
}
