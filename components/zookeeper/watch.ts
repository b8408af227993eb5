/** Figures of ZooKeeper, as a member that serves has them. */
import * as z from "zod";
import { askJson } from "../../platform/ask-json.ts";
import { defineWatch } from "../../platform/watching.ts";

const monitorShape = z.looseObject({
  znode_count: z.number(),
  approximate_data_size: z.number(),
  num_alive_connections: z.number(),
  outstanding_requests: z.number(),
  avg_latency: z.number(),
  max_latency: z.number(),
  packets_received: z.number(),
});

export const zookeeperWatch = defineWatch({
  room: "zookeeper",
  /** `http://host:port` of the admin server. */
  settings: z.strictObject({ url: z.url() }),
  make:
    ({ url }) =>
    async (signal) => {
      const seen = await askJson(`${url}/commands/monitor`, monitorShape, signal);
      return Object.keys(monitorShape.shape).map((key) => ({ name: `zookeeper_${key}`, value: Number(seen[key]) }));
    },
});
