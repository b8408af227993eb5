/** Figures of Kafka. Their names are those of the exporter that most dashboards are made for. */
import * as z from "zod";
import { certificateWatch } from "../../platform/certificate-watch.ts";
import { defineWatch } from "../../platform/watching.ts";
import { kafkaClient } from "./programs/kafka-client.ts";
import { kafkaSamples } from "./programs/kafka-samples.ts";

export const kafkaWatch = defineWatch({
  room: "kafka",
  /** How to speak to it is in the environment (`kafkaClient`). */
  settings: z.strictObject({
    bootstrapServers: z.string().min(1),
    /** Of a cluster that others use, too: the topics that are the platform's. @default - all */
    topics: z.array(z.string()).optional(),
    /** Whether the brokers have certificates. @default false */
    hasTls: z.boolean().default(false),
  }),
  make({ bootstrapServers, topics, hasTls }) {
    const quiet = { retries: 1, log: (): void => undefined };
    const admin = kafkaClient({ bootstrapServers, clientId: "metrics", ...quiet }).admin();
    const certificates = certificateWatch(hasTls ? bootstrapServers.split(",") : []);
    let isConnected = false;
    return async () => {
      try {
        if (!isConnected) await admin.connect();
        isConnected = true;
        return [...(await kafkaSamples(admin, topics)), ...(await certificates())];
      } catch (error) {
        isConnected = false;
        await admin.disconnect().catch(() => undefined);
        throw error;
      }
    };
  },
});
