/** What the proof asks of Cassandra: its tables have the windows of the numbers, also as Presto reads them. */
import * as z from "zod";
import { defineHops, type ProofContext } from "../../platform/hops/define-hops.ts";
import { asking, prestoHops } from "../presto/hops.ts";
import { numbersOf } from "../random-numbers/hops/marked-numbers.ts";
import { windowsHops } from "../windows/hops.ts";
import { CassandraClient } from "./hops/cassandra-client.ts";
import { cassandraCleanup, cassandraHop } from "./hops/cassandra.ts";
import { prestoCassandraHop } from "./hops/presto-cassandra.ts";

/** Its catalog in Presto. */
const catalog = "cassandra";

export const cassandraHops = defineHops({
  room: "cassandra",
  settings: z.strictObject({
    contactPoints: z.array(z.string().min(1)).min(1),
    port: z.int().min(1).max(65535),
    datacenter: z.string().min(1),
    /** Role that the proof logs in as. */
    user: z.string().min(1),
  }),
  secrets: { password: ({ user }) => `the password of ${user}` },
  hops: [
    {
      name: "cassandra",
      after: "live",
      needs: ["pump"],
      make(_, context) {
        const [cassandra, windows] = [context.once(clientOf), context.of(windowsHops)];
        if (!cassandra || !windows) return undefined;
        return cassandraHop({ cassandra, numbers: context.once(numbersOf), windowSeconds: windows.windowSeconds });
      },
    },
    {
      name: "presto-cassandra",
      after: "cassandra",
      needs: ["cassandra"],
      make(_, context) {
        if (context.of(prestoHops)?.catalogs.includes(catalog) !== true) return undefined;
        const numbers = context.once(numbersOf);
        return asking(context, (presto) => prestoCassandraHop({ presto, catalog, numbers }));
      },
    },
  ],
  cleanups: {
    pump(_, context) {
      const cassandra = context.once(clientOf);
      return cassandra ? [cassandraCleanup(cassandra, context.once(numbersOf))] : [];
    },
  },
});

/** The proof's client; `undefined` without Cassandra. */
export function clientOf(context: ProofContext): CassandraClient | undefined {
  const told = context.of(cassandraHops);
  return told && new CassandraClient(told);
}
