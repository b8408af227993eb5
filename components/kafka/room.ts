/** How Kafka is built: brokers of the platform's own or those that are there, and the declared topics. */
import type { KafkaEndpoint, TopicEndpoint } from "./endpoint.ts";
import type { PublishedAddress } from "../../platform/endpoints.ts";
import { defineRoom } from "../../platform/place.ts";
import { setupResources } from "../../platform/resources.ts";
import { declaredTopics, type Loads } from "./declared-topics.ts";
import { KafkaTopics } from "./kafka-topic.ts";
import { existingKafka, Kafka } from "./kafka.ts";
import { kafka, kafkaResources } from "./service.ts";

/** Brokers with their topics. */
export interface KafkaWithTopics {
  readonly endpoint: KafkaEndpoint;
  readonly address: PublishedAddress | undefined;
  /** By name; those that nobody declares are not there. */
  readonly topics: Readonly<Partial<Record<string, TopicEndpoint>>>;
}

export const kafkaRoom = defineRoom({
  service: kafka,
  build({ own, namespace, image, storage, exposure, opts }, { topics }: { topics: Loads }): KafkaWithTopics {
    const brokers =
      own.existing === undefined
        ? new Kafka(
            "kafka",
            {
              namespace,
              image: image("kafka"),
              storage,
              exposure,
              replicas: own.replicas,
              data: own.storage,
              autoCreateTopics: own.autoCreateTopics,
              resources: kafkaResources(own),
              collector: own.collector,
            },
            opts,
          )
        : undefined;
    const endpoint =
      brokers?.endpoint ?? existingKafka(own.existing ?? { bootstrapServers: "", securityProtocol: "SSL" });
    if (brokers === undefined && Object.keys(topics).length === 0) return { endpoint, address: undefined, topics: {} };
    const declared = new KafkaTopics(
      "topics",
      {
        namespace,
        objectName: "kafka-topics",
        kafka: endpoint,
        toolsImage: image("tools"),
        resources: setupResources(),
        topics: declaredTopics(own, topics),
        ...(brokers && {
          brokers: own.replicas,
          ...(brokers.otherTopicsBytes && { otherTopicsBytes: brokers.otherTopicsBytes }),
        }),
      },
      opts,
    );
    return { endpoint, address: brokers?.address, topics: declared.topics };
  },
  offers: ({ address }) => ({ addresses: { kafka: address } }),
});
