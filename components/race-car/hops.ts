/** What the proof asks of race cars: the ingest takes its samples, and Kafka has them. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { kafkaHops } from "../kafka/hops.ts";
import { samplesOf } from "./hops/marked-samples.ts";
import { raceHop } from "./hops/race.ts";

export const raceCarHops = defineHops({
  room: "raceCar",
  settings: z.strictObject({
    url: z.url(),
    /** Topics of samples, and of what is none. */
    topics: z.strictObject({ samples: z.string().min(1), deadLetters: z.string().min(1) }),
  }),
  secrets: { token: () => "the token that the ingest of race cars asks for" },
  hops: [
    {
      name: "race",
      make(own, context) {
        const kafka = context.of(kafkaHops);
        return kafka && raceHop({ ...own, bootstrapServers: kafka.bootstrapServers, marked: context.once(samplesOf) });
      },
    },
  ],
});
