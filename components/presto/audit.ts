/** Who ran which SQL, as Presto's coordinator remembers it: each query for minutes at least (`presto.ts`). */
import { randomUUID } from "node:crypto";
import * as z from "zod";
import { askJson } from "../../platform/ask-json.ts";
import { type Deed, defineAudit } from "../../platform/auditing.ts";

/** Of the statements that write the table of deeds: they are none. A name would not tell them, for Presto believes everybody. */
export const OWN_TAG = `audit-log-${randomUUID()}`;

const queryShape = z.looseObject({
  queryId: z.string(),
  session: z.looseObject({ user: z.string(), clientTags: z.array(z.string()).default([]) }),
  state: z.string(),
  query: z.string(),
  queryStats: z.looseObject({ endTime: z.string().optional() }),
  errorCode: z.looseObject({ name: z.string() }).optional(),
});

export const prestoAudit = defineAudit({
  room: "presto",
  settings: z.strictObject({ url: z.url() }),
  make:
    ({ url }) =>
    async (after, signal) => {
      const queries = await askJson(`${url}/v1/query`, z.array(queryShape), signal, {
        headers: { "X-Presto-User": "audit" },
      });
      return queries.flatMap(({ queryId, session, state, query, queryStats, errorCode }): Deed[] => {
        const { endTime } = queryStats;
        const hasEnded = state === "FINISHED" || state === "FAILED";
        const isOwn = session.clientTags.includes(OWN_TAG);
        if (!hasEnded || endTime === undefined || isOwn || new Date(endTime) <= after) return [];
        const outcome = state === "FINISHED" ? "ok" : (errorCode?.name ?? "failed");
        return [{ id: queryId, at: endTime, user: session.user, action: "ran a query", object: query, outcome }];
      });
    },
});
