/** What the proof asks of Presto: SQL sees each marked record once. Other hops ask by SQL too. */
import * as z from "zod";
import { defineHops, type ProofContext } from "../../platform/hops/define-hops.ts";
import type { Hop, HopContext } from "../../platform/hops/hop.ts";
import { statementMs } from "../../platform/hops/limits.ts";
import { markedRecords } from "../telemetry/hops/marked-records.ts";
import { prestoHop } from "./hops/presto.ts";
import { PrestoClient, type PrestoOptions } from "./programs/presto-client.ts";

export const prestoHops = defineHops({
  room: "presto",
  settings: z.strictObject({
    url: z.url(),
    /** Catalog of the Iceberg tables. */
    catalog: z.string().min(1).default("lake"),
    /** Schema of the table `samples`. */
    schema: z.string().min(1).default("telemetry"),
    /** All catalogs that it serves. */
    catalogs: z.array(z.string().min(1)).default([]),
  }),
  hops: [
    {
      name: "presto",
      after: "catalog",
      needs: ["catalog"],
      make(where, context) {
        const lists = prestoOf(context);
        return lists && asking(context, (presto) => prestoHop(presto, lists, context.once(markedRecords), where));
      },
    },
  ],
});

/** A client whose statements are no progress of a hop; `undefined`: there is no Presto. */
export function prestoOf(context: ProofContext, onProgress?: PrestoOptions["onProgress"]): PrestoClient | undefined {
  const told = context.of(prestoHops);
  if (told === undefined) return undefined;
  const { url, catalog, schema } = told;
  return new PrestoClient({ url, catalog, schema, standstillMs: statementMs, ...(onProgress && { onProgress }) });
}

/** Statements of a hop whose way is progress too: of those after them, which ask the same again, only the answers are. */
const countedStatements = 3;

/** A hop that asks by SQL: it goes on while Presto does. */
export function asking(context: ProofContext, make: (presto: PrestoClient) => Hop): Hop | undefined {
  let onProgress: HopContext["onProgress"] | undefined;
  const presto = prestoOf(context, (statement, done) => {
    if (statement <= countedStatements) onProgress?.(`Presto is at statement ${statement}, ${done}`);
  });
  if (presto === undefined) return undefined;
  const hop = make(presto);
  const run: Hop["run"] = async (hopContext) => {
    onProgress = hopContext.onProgress;
    try {
      return await hop.run(hopContext);
    } finally {
      // What is removed at the end is no progress of the hop.
      onProgress = undefined;
    }
  };
  return { ...hop, run };
}
