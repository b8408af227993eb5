/** How a group of the canvas is: what runs, what waits in its queues, and what has gone wrong lately. */
import { z } from "zod";
import { notRunning } from "./canvas.ts";
import type { NifiApi } from "./nifi-api.ts";

const connection = z.object({
  connectionStatusSnapshot: z.object({
    name: z.string().nullish(),
    sourceName: z.string().nullish(),
    destinationName: z.string().nullish(),
    flowFilesQueued: z.number(),
    percentUseCount: z.number().nullish(),
    percentUseBytes: z.number().nullish(),
  }),
});
const snapshotSchema = z.object({
  id: z.string(),
  flowFilesQueued: z.number(),
  bytesQueued: z.number(),
  connectionStatusSnapshots: z.array(connection).default([]),
  processorStatusSnapshots: z
    .array(z.object({ processorStatusSnapshot: z.object({ name: z.string(), runStatus: z.string() }) }))
    .default([]),
  get processGroupStatusSnapshots() {
    return z.array(z.object({ processGroupStatusSnapshot: snapshotSchema })).default([]);
  },
});
const statusSchema = z.object({ processGroupStatus: z.object({ aggregateSnapshot: snapshotSchema }) });
const bulletinsSchema = z.object({
  bulletinBoard: z.object({
    bulletins: z.array(
      z.object({
        groupId: z.string().nullish(),
        timestamp: z.string().nullish(),
        bulletin: z
          .object({ sourceName: z.string().nullish(), message: z.string().nullish(), level: z.string().nullish() })
          .nullish(),
      }),
    ),
  }),
});

/** Name of a queue in which waits what can't go on. */
export const FAILED = "failed";
/** Share of its bound from which a queue holds back what is before it, in percent. */
const FULL = 100;
const MOST_BULLETINS = 100;

export interface GroupStatus {
  readonly running: number;
  readonly processors: number;
  /** FlowFiles that wait, and their bytes. */
  readonly queued: number;
  readonly queuedBytes: number;
  /** Fullest queue, in percent of its bound. @default - all are empty, or nearly so */
  readonly fullest?: { readonly name: string; readonly percent: number };
  /** FlowFiles in queues named `failed`. */
  readonly failed: number;
  /** What does not run, a sentence each. */
  readonly idle: readonly string[];
  /** Queues that are full, and hold back what is before them. */
  readonly full: readonly string[];
  /** What has gone wrong last, within the five minutes for which NiFi knows. */
  readonly lastError?: string;
}

type Snapshot = z.output<typeof snapshotSchema>;

function snapshotsIn(snapshot: Snapshot): Snapshot[] {
  return [
    snapshot,
    ...snapshot.processGroupStatusSnapshots.flatMap((one) => snapshotsIn(one.processGroupStatusSnapshot)),
  ];
}

export async function groupStatus(api: NifiApi, id: string): Promise<GroupStatus> {
  const { processGroupStatus } = await api.ask(statusSchema, "GET", `/flow/process-groups/${id}/status?recursive=true`);
  const whole = processGroupStatus.aggregateSnapshot;
  const all = snapshotsIn(whole);
  const states = all.flatMap((one) =>
    one.processorStatusSnapshots.map(({ processorStatusSnapshot }) => processorStatusSnapshot.runStatus),
  );
  const running = states.filter((state) => state === "Running").length;
  const enabled = states.filter((state) => state !== "Disabled").length;
  const queues = all
    .flatMap((one) => one.connectionStatusSnapshots)
    .map(({ connectionStatusSnapshot: queue }) => ({
      name: `${queue.sourceName ?? ""} → ${queue.destinationName ?? ""}`,
      isFailed: queue.name === FAILED,
      count: queue.flowFilesQueued,
      percent: Math.max(queue.percentUseCount ?? 0, queue.percentUseBytes ?? 0),
    }));
  const [fullest] = queues.filter(({ percent }) => percent > 0).toSorted((a, b) => b.percent - a.percent);
  const lastError = await lastBulletin(api, new Set(all.map((one) => one.id)));
  return {
    running,
    processors: states.length,
    queued: whole.flowFilesQueued,
    queuedBytes: whole.bytesQueued,
    ...(fullest !== undefined && { fullest: { name: fullest.name, percent: fullest.percent } }),
    failed: queues.filter(({ isFailed }) => isFailed).reduce((sum, { count }) => sum + count, 0),
    idle: running < enabled ? await notRunning(api, id) : [],
    full: queues.filter(({ percent }) => percent >= FULL).map(({ name }) => name),
    ...(lastError !== undefined && { lastError }),
  };
}

async function lastBulletin(api: NifiApi, groups: ReadonlySet<string>): Promise<string | undefined> {
  const path = `/flow/bulletin-board?limit=${MOST_BULLETINS}`;
  const { bulletinBoard } = await api.ask(bulletinsSchema, "GET", path);
  const own = bulletinBoard.bulletins.filter(({ groupId }) => groups.has(groupId ?? ""));
  const last = own.findLast(({ bulletin }) => bulletin?.level === "ERROR");
  return last?.bulletin == null ? undefined : `${last.bulletin.sourceName ?? "?"}: ${last.bulletin.message ?? ""}`;
}
