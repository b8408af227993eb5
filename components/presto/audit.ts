/** Who ran which SQL, as Presto's coordinator remembers it: each query for a quarter of an hour at least. */
import * as z from "zod";
import { askJson } from "../../platform/ask-json.ts";
import { type Deed, defineAudit } from "../../platform/auditing.ts";

const queryShape = z.looseObject({
  queryId: z.string(),
  session: z.looseObject({ user: z.string() }),
  state: z.string(),
  query: z.string(),
  queryStats: z.looseObject({ endTime: z.string().optional() }),
  errorCode: z.looseObject({ name: z.string() }).optional(),
});

export const prestoAudit = defineAudit({
  room: "presto",
  settings: z.strictObject({
    url: z.url(),
    /** In whose name the table of deeds is written: that is no deed. */
    except: z.string(),
  }),
  make:
    ({ url, except }) =>
    async (after, signal) => {
      const queries = await askJson(`${url}/v1/query`, z.array(queryShape), signal, {
        headers: { "X-Presto-User": except },
      });
      return queries.flatMap(({ queryId, session, state, query, queryStats, errorCode }): Deed[] => {
        const { endTime } = queryStats;
        const hasEnded = state === "FINISHED" || state === "FAILED";
        if (!hasEnded || endTime === undefined || session.user === except || new Date(endTime) <= after) return [];
        const outcome = state === "FINISHED" ? "ok" : (errorCode?.name ?? "failed");
        return [{ id: queryId, at: endTime, user: session.user, action: "ran a query", object: query, outcome }];
      });
    },
});
