/** How ZooKeeper is, asked from its admin server through the API server. */
import { z } from "zod";
import type { Running, StatusAnswer } from "../../platform/operating.ts";
import { ADMIN_PORT } from "./zookeeper-settings.ts";

const seenSchema = z.object({
  server_state: z.string(),
  znode_count: z.number(),
  approximate_data_size: z.number(),
  num_alive_connections: z.number(),
  outstanding_requests: z.number(),
  avg_latency: z.number(),
  max_latency: z.number(),
});

/** A status that waits longer helps nobody. */
const LIMIT_MS = 8000;
/** Requests that wait for the disk or for other members. */
const MANY = 100;

/**
 * One line for the ensemble, as a member that serves sees it; `undefined` without one of the platform's own.
 * @throws Error when none answers
 */
export async function zookeeperStatus(
  {
    enabled = false,
    replicas,
    existing,
  }: { readonly enabled?: boolean | undefined; readonly replicas: number; readonly existing?: object | undefined },
  running: Pick<Running, "ask">,
): Promise<StatusAnswer | undefined> {
  if (!enabled || existing !== undefined) return undefined;
  let seen: z.output<typeof seenSchema>;
  try {
    const path = "/commands/monitor";
    seen = seenSchema.parse(await running.ask("GET", `zookeeper:${ADMIN_PORT}`, path, { timeoutMs: LIMIT_MS }));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`no member of ZooKeeper that serves clients answers (${why}), so nothing is known of it`, {
      cause: error,
    });
  }
  const { outstanding_requests: waiting, avg_latency: usual, max_latency: longest } = seen;
  const row = [
    String(replicas),
    seen.server_state,
    String(seen.znode_count),
    `${Math.ceil(seen.approximate_data_size / 1024)} KiB`,
    String(seen.num_alive_connections),
    String(waiting),
    `${Math.round(usual)} ms`,
  ];
  const slow = `zookeeper: ${waiting} requests wait, and the longest answer since it started took ${longest} ms: its disk is slow, or its members are busy`;
  return {
    json: {
      members: replicas,
      asked: seen.server_state,
      nodes: seen.znode_count,
      dataBytes: seen.approximate_data_size,
      connections: seen.num_alive_connections,
      waiting,
      averageMs: usual,
      longestMs: longest,
    },
    faults: waiting > MANY ? [slow] : [],
    table: {
      header: ["zookeeper", "asked", "nodes", "data", "connections", "waiting", "answers in"],
      rows: [row],
      below: [],
    },
  };
}
