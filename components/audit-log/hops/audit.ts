/** Hop `audit`: a marked statement, and who ran it, is in the table of what people did. */
import { z } from "zod";
import { poll } from "../../../platform/hops/errors.ts";
import { type Hop, HopFailure } from "../../../platform/hops/hop.ts";
import { HttpSession, mustSucceed } from "../../../platform/hops/http-session.ts";
import { standstillMs, statementMs } from "../../../platform/hops/limits.ts";
import type { PrestoClient } from "../../presto/programs/presto-client.ts";
import { AUDIT_TABLE } from "../programs/table.ts";

export interface AuditHopOptions {
  /** `http://host:port` of the audit log. */
  readonly url: string;
  readonly presto: Pick<PrestoClient, "query">;
  readonly run: string;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

/** Who runs the proof's statements. */
const USER = "proof";
const rowsShape = z.array(z.looseObject({ user_name: z.string(), outcome: z.string() }));

export function auditHop({ url, presto, run, pauseMs }: AuditHopOptions): Hop {
  const session = new HttpSession({ service: "the audit log", url, timeoutMs: statementMs });
  const marked = `SELECT '${run}' AS audited`;
  return {
    name: "audit",
    timeoutMs: standstillMs,
    run: ({ signal, onProgress }) => {
      let hasRun = false;
      return poll(
        async () => {
          if (!hasRun) {
            await presto.query(marked, signal);
            hasRun = true;
          }
          mustSucceed(await session.send("POST", "/write", { signal }), `${session.where} can't write its table`);
          const found = rowsShape.parse(
            await presto.query(
              `SELECT user_name, outcome FROM lake.${AUDIT_TABLE} WHERE day >= current_date - INTERVAL '1' DAY ` +
                `AND service = 'presto' AND object = '${marked.replaceAll("'", "''")}'`,
              signal,
            ),
          );
          const [row] = found;
          if (row === undefined) throw new Error(`the marked statement is not in lake.${AUDIT_TABLE} yet`);
          if (found.length > 1) throw new HopFailure(`the marked statement is in the table ${found.length} times`);
          const { user_name: user, outcome } = row;
          if (user !== USER || outcome !== "ok") {
            throw new HopFailure(
              `the table says that "${user}" ran the marked statement (${outcome}), not ${USER} (ok)`,
            );
          }
          return { count: 1, distinct: 1, checksum: run, message: `who ran a statement is in lake.${AUDIT_TABLE}` };
        },
        { signal, onProgress, pauseMs },
      );
    },
  };
}
