/** How the flows are, asked from what watches over them. */
import { z } from "zod";
import { askWatcher } from "../../platform/ask-watcher.ts";
import type { Drawing, Running, StatusAnswer } from "../../platform/operating.ts";
import { REJECTED_TOPIC, SUPERVISOR, SUPERVISOR_PORT } from "./names.ts";
import { CONDITIONS } from "./programs/conditions.ts";

const groupSchema = z.object({
  running: z.int(),
  processors: z.int(),
  queued: z.int(),
  queuedBytes: z.number(),
  fullest: z.object({ name: z.string(), percent: z.number() }).optional(),
  failed: z.int(),
  idle: z.array(z.string()),
  full: z.array(z.string()),
  lastError: z.string().optional(),
});
const reportSchema = z.object({
  seen: z.string().nullable(),
  problem: z.string().optional(),
  flows: z.array(
    z.object({
      name: z.string(),
      file: z.string().optional(),
      hash: z.string().optional(),
      condition: z.enum(CONDITIONS),
      group: groupSchema.optional(),
      problems: z.array(z.string()),
      drift: z.string().optional(),
    }),
  ),
  rejected: z.object({ count: z.int().nullable(), last: z.string().optional(), lastAt: z.string().optional() }),
});
export type Report = z.output<typeof reportSchema>;
type Flow = Report["flows"][number];

/** Age from which a look is old: one in which a flow is put in takes some minutes. */
const STALE_MS = 10 * 60_000;

const supervisor = { service: `${SUPERVISOR}:${SUPERVISOR_PORT}`, what: "the flows" };

type Own = Readonly<{ enabled?: boolean | undefined }>;

const ask = (running: Pick<Running, "ask">): Promise<Report> => askWatcher(running, supervisor, "/flows", reportSchema);

/**
 * Flows, their queues, and what they have rejected; `undefined` without NiFi.
 * @throws Error when the supervisor does not answer
 */
export async function flowStatus(
  { enabled = false }: Own,
  running: Pick<Running, "ask">,
): Promise<StatusAnswer | undefined> {
  return enabled ? flowAnswer(await ask(running)) : undefined;
}

export function flowAnswer(report: Report, now = Date.now()): StatusAnswer {
  const { seen, problem, flows, rejected } = report;
  const age = seen === null ? undefined : now - Date.parse(seen);
  const stale =
    age === undefined
      ? ["NiFi: nothing is known of its flows yet"]
      : age > STALE_MS
        ? [`NiFi: what is known of its flows is of ${(seen ?? "").slice(0, 19)}Z`]
        : [];
  return {
    json: report,
    faults: [...(problem === undefined ? stale : [`NiFi: ${problem}`]), ...flows.flatMap(faultsOf)],
    table: {
      header: ["flow", "state", "running", "waiting", "fullest queue", "last error"],
      rows: flows.map(({ name, condition, group }) => [
        name,
        words[condition],
        group === undefined ? "-" : `${group.running}/${group.processors}`,
        group === undefined ? "-" : String(group.queued),
        group?.fullest === undefined ? "-" : `${group.fullest.percent}% ${group.fullest.name}`,
        group?.lastError ?? "-",
      ]),
      below: [...flows.flatMap(({ drift }) => (drift === undefined ? [] : [drift])), rejectedWords(rejected)],
    },
  };
}

/** How canvas and file are to one another. */
const words: Readonly<Record<Flow["condition"], string>> = {
  same: "as its file",
  new: "not on the canvas",
  changed: "being put in",
  drifted: "drawn anew",
  both: "drawn anew, and file changed",
  refused: "refused",
  "without file": "no file",
  "file is gone": "its file is gone",
};

function faultsOf({ name, condition, group, problems }: Flow): string[] {
  // What people have drawn on the canvas alone, and left, is their own.
  const idle = condition === "without file" ? [] : (group?.idle ?? []).map((one) => `flow ${name}: ${one}`);
  const full = (group?.full ?? []).map(
    (one) => `flow ${name}: queue "${one}" is full, and holds back what is before it`,
  );
  const { failed = 0 } = group ?? {};
  const stuck = failed === 0 ? [] : [`flow ${name}: ${failed} in queue "failed", which go on by hand only`];
  return [...new Set([...problems, ...idle, ...full, ...stuck])];
}

function rejectedWords({ count, last, lastAt }: Report["rejected"]): string {
  if (count === null) return `topic ${REJECTED_TOPIC} has not been read yet`;
  if (count === 0) return `no line was rejected (topic ${REJECTED_TOPIC})`;
  const latest =
    last === undefined ? "" : `; the last one${lastAt === undefined ? "" : ` at ${lastAt.slice(0, 19)}Z`}: ${last}`;
  return `${count} ${count === 1 ? "line was" : "lines were"} rejected (topic ${REJECTED_TOPIC})${latest}`;
}

/** @throws Error when the supervisor does not answer, or has not seen NiFi yet */
export async function drawings(
  { enabled = false }: Own,
  running: Pick<Running, "ask">,
): Promise<readonly Drawing[] | undefined> {
  if (!enabled) return undefined;
  const { seen, problem, flows } = await ask(running);
  if (seen === null || problem !== undefined) throw new Error(problem ?? "NiFi has not answered yet; try again");
  const isDrawn = ({ condition }: Flow): boolean => condition === "drifted" || condition === "both";
  return flows.map((flow) => ({
    name: flow.name,
    ...(flow.file !== undefined && { file: flow.file }),
    ...(flow.hash !== undefined && { hash: flow.hash }),
    state: words[flow.condition],
    isDrawn: isDrawn(flow),
    ...(flow.condition === "both" && { isFileChanged: true }),
  }));
}

export async function drawnText(running: Pick<Running, "ask">, name: string): Promise<string> {
  const path = `/flows/${encodeURIComponent(name)}`;
  return (await askWatcher(running, supervisor, path, z.object({ text: z.string() }))).text;
}
