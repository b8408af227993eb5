/** What Kafka offers: brokers and topics to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready } from "../../platform/endpoints.ts";

/** A Kafka cluster. */
export interface KafkaEndpoint {
  readonly kind: "kafka";
  /** `host:port,host:port`, reachable from pods. */
  readonly bootstrapServers: Output<string>;
  readonly securityProtocol: "PLAINTEXT" | "SSL";
  /** Made when the brokers answer and the declared topics exist. */
  readonly ready: Ready;
}

/** A topic of a Kafka cluster. */
export interface TopicEndpoint {
  readonly kind: "topic";
  readonly kafka: KafkaEndpoint;
  readonly topic: Output<string>;
  readonly partitions: number;
  /** Made when the topic exists with its settings. */
  readonly ready: Ready;
}
