/** What the proof asks of the audit log: a statement that it has run is in the table, with who ran it. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { prestoOf } from "../presto/hops.ts";
import { auditHop } from "./hops/audit.ts";

export const auditLogHops = defineHops({
  room: "auditLog",
  /** `http://host:port` */
  settings: z.strictObject({ url: z.url() }),
  hops: [
    {
      name: "audit",
      waitsFor: ["presto"],
      make({ url }, context) {
        const presto = prestoOf(context);
        return presto && auditHop({ url, presto, run: context.run.run });
      },
    },
  ],
});
