/** What Kafka offers: brokers and topics to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready, SecretKeyRef } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** How clients speak to the brokers, by Kafka's own names. */
export type SecurityProtocol = "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";

/** How clients log in, by Kafka's own names. */
export type SaslMechanism = "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";

/** Whom clients log in as. */
export interface KafkaLogin {
  readonly mechanism: SaslMechanism;
  readonly username: SecretKeyRef;
  readonly password: SecretKeyRef;
}

/** A Kafka cluster. */
export interface KafkaEndpoint {
  readonly kind: "kafka";
  /** Where connections to it go. */
  readonly at: Destination;
  /** `host:port,host:port`, reachable from pods. */
  readonly bootstrapServers: Output<string>;
  readonly securityProtocol: SecurityProtocol;
  /** With the protocols `SASL_…`. @default - the brokers ask nobody who he is */
  readonly login?: KafkaLogin;
  /** Authority that has signed the brokers' certificates, in PEM. @default - a public one */
  readonly ca?: SecretKeyRef;
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
