/** What the proof asks of ZooKeeper: what is written through one member is read through the next. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { zookeeperHop } from "./hops/zookeeper.ts";

export const zookeeperHops = defineHops({
  room: "zookeeper",
  settings: z.strictObject({
    /** `host:port,host:port`: each member. */
    servers: z.string().min(1),
    /** The proof's own node. */
    path: z.string().startsWith("/"),
    /** Account that the proof logs in as. */
    user: z.string().min(1),
  }),
  secrets: { password: ({ user }) => `the password of ${user}` },
  hops: [
    {
      name: "zookeeper",
      make: ({ servers, path, user, password }, { run }) =>
        zookeeperHop({ servers: servers.split(","), path, login: { user, password }, run: run.run }),
    },
  ],
});
