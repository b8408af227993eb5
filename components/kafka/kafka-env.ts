/** How programs are told of a Kafka cluster: variables that every client of the platform reads. */
import type { KafkaEndpoint } from "./endpoint.ts";
import { type EnvVar, secretEnv } from "../../platform/workload.ts";

/** Where it is and how to speak to it: the environment of `kafkaClient` and of the streams. */
export function kafkaEnv(kafka: KafkaEndpoint): EnvVar[] {
  return [{ name: "KAFKA_BOOTSTRAP", value: kafka.bootstrapServers }, ...kafkaSecurityEnv(kafka)];
}

/** How to speak to it, for a program that is told where it is in another way. */
export function kafkaSecurityEnv(kafka: KafkaEndpoint): EnvVar[] {
  return [{ name: "KAFKA_SECURITY_PROTOCOL", value: kafka.securityProtocol }, ...kafkaSecretEnv(kafka)];
}

/** What a program needs beside address and protocol; nothing for a cluster that asks nobody and whose authority is public. */
export function kafkaSecretEnv({ login, ca }: Pick<KafkaEndpoint, "login" | "ca">): EnvVar[] {
  return [
    ...(login === undefined
      ? []
      : [
          { name: "KAFKA_SASL_MECHANISM", value: login.mechanism },
          secretEnv("KAFKA_USERNAME", login.username.secretName, login.username.key),
          secretEnv("KAFKA_PASSWORD", login.password.secretName, login.password.key),
        ]),
    ...(ca === undefined ? [] : [secretEnv("KAFKA_CA", ca.secretName, ca.key)]),
  ];
}
