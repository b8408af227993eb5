/** What Kafka offers: brokers and topics to others. */
import type { Output } from "@pulumi/pulumi";

/** A Kafka cluster. */
export interface KafkaEndpoint {
  readonly kind: "kafka";
  /** `host:port,host:port`, reachable from pods. */
  readonly bootstrapServers: Output<string>;
  readonly securityProtocol: "PLAINTEXT" | "SSL";
  /** Settles when the brokers answer and the declared topics exist. */
  readonly ready: Output<string>;
}

/** A topic of a Kafka cluster. */
export interface TopicEndpoint {
  readonly kind: "topic";
  readonly kafka: KafkaEndpoint;
  readonly topic: Output<string>;
  readonly partitions: number;
  /** Settles when the topic exists with its settings. */
  readonly ready: Output<string>;
}
