/** What the proof asks of the telemetry: its stream keeps poison with its reasons, and the node's own figures come in. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { asking } from "../presto/hops.ts";
import { deadLetterHop } from "./hops/dead-letter.ts";
import { markedRecords } from "./hops/marked-records.ts";
import { telemetryHop } from "./hops/telemetry.ts";

export const telemetryHops = defineHops({
  room: "telemetry",
  settings: z.strictObject({
    /** Whether there is a stream that writes the topic's records into table `samples`. */
    stream: z.boolean().default(true),
    /** Of the producer of ordinary records. @default - there is none, and no hop `telemetry` */
    intervalSeconds: z.int().min(1).max(3600).optional(),
  }),
  hops: [
    {
      name: "dead-letter",
      after: "presto",
      needs: ["catalog"],
      make: (_, context) => asking(context, (presto) => deadLetterHop(presto, context.once(markedRecords))),
    },
    {
      name: "telemetry",
      // Ordinary records come in with every batch of the stream, and the marked ones begin one.
      waitsFor: ["catalog"],
      make({ stream, intervalSeconds }, context) {
        if (!stream || intervalSeconds === undefined) return undefined;
        return asking(context, (presto) => telemetryHop({ presto, marked: context.run, intervalSeconds }));
      },
    },
  ],
});
