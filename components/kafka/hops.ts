/** What the proof asks of Kafka: it takes the marked records and gives them back. The path of a record begins here. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { markedRecords } from "../telemetry/hops/marked-records.ts";
import { kafkaHop } from "./hops/kafka.ts";

export const kafkaHops = defineHops({
  room: "kafka",
  settings: z.strictObject({
    /** `host:port,host:port`; how to speak to them is in the environment of `kafkaClient`. */
    bootstrapServers: z.string().min(1),
    /** Where the marked records are sent to. */
    topic: z.string().min(1).default("telemetry"),
  }),
  hops: [{ name: "kafka", branch: "path", make: (own, context) => kafkaHop(own, context.once(markedRecords)) }],
});
