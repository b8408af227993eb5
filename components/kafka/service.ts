/** Kafka, as plain data. */
import * as z from "zod";
import { kafkaWatched } from "./watched.ts";
import { collectorSetting } from "../../platform/jvm.ts";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { serverList } from "../../platform/server-list.ts";
import { defineService } from "../../platform/service.ts";
import { authority, authoritySecret, enabled, image, memory, secret, storage, text } from "../../platform/settings.ts";
import { resourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";
import { retentionWarnings } from "./declared-topics.ts";
import { existingProblems, existingWarnings, refusedMechanisms } from "./existing.ts";
import { kafkaVersions } from "./image/versions.ts";

const broker = { small: size(100, 2000, 0.67), large: size(500, 4000, 1) };

/** One Kafka broker. @param settings.memory Limit of the container. */
export function kafkaResources(settings: Sized & { readonly memory: string }): Resources {
  return sized(broker[settings.size], settings.memory, settings.resources);
}

export const kafka = defineService({
  name: "kafka",
  watched: kafkaWatched,
  onPath: true,
  settings: z
    .strictObject({
      enabled: enabled("Kafka is part of the platform"),
      replicas: z
        .int()
        .min(1)
        .max(9)
        .default(1)
        .meta({ "x-also-called": ["brokers", "nodes"] })
        .describe("Number of brokers. Must be odd, because every broker votes."),
      replicationFactor: z
        .int()
        .min(1)
        .max(9)
        .optional()
        .describe("Copies of each record. Default: 3, or `replicas` if that is less."),
      storage: storage("5Gi"),
      memory: memory("768Mi", "512Mi"),
      scheduling: schedulingSetting("the brokers, and of what declares topics"),
      resources: resourcesSetting("each broker", broker),
      collector: collectorSetting(),
      autoCreateTopics: z.boolean().default(false).describe("Whether writing to an unknown topic creates it."),
      retentionHours: z.int().min(1).max(87600).default(24).describe("Hours that records are kept."),
      image: image().describe("Image with the contract of `apache/kafka`. Default: built from packages."),
      existing: z
        .strictObject({
          bootstrapServers: serverList("brokers"),
          securityProtocol: z
            .enum(["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"])
            .default("SSL")
            .describe("Protocol of the clients."),
          saslMechanism: z
            .enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
            .meta({ "x-refused": refusedMechanisms })
            .optional()
            .describe("How clients log in; with the protocols `SASL_…`."),
          username: text().optional().describe("Whom clients log in as; with `password`."),
          password: text()
            .optional()
            .describe("Password of `username`: set it encrypted, by `pulumi config set --secret --path`."),
          secretName: secret()
            .optional()
            .describe("Secret in the platform's namespace with keys `username` and `password`, instead of the two."),
          ca: authority("the brokers' certificates"),
          caSecretName: authoritySecret("the brokers' certificates"),
        })
        .optional()
        .describe("An existing Kafka cluster, instead of the platform's own."),
    })
    .transform((value) => ({
      ...value,
      replicationFactor: value.replicationFactor ?? Math.min(3, value.replicas),
    }))
    .prefault({})
    .describe("Kafka, in KRaft mode."),
  isOwn: ({ existing }) => existing === undefined,
  handMade: ({ existing }) => [existing?.secretName, existing?.caSecretName].flatMap((name) => name ?? []),
  image: { name: "kafka", base: "jre", upstream: { image: `docker.io/apache/kafka:${kafkaVersions.kafka}` } },
  published: {
    kafka: {
      nodePort: 30092,
      rank: 9,
      meaning: "Kafka",
      title: "Kafka",
      use: "Topics of records, for producers and consumers of yours",
      asksForLogin: false,
      // The request ApiVersions, version 0, which every broker answers before any login, with the same correlation id.
      greeting: { ask: "0000000a001200006d696c6cffff", answer: "6d696c6c", from: 4, by: "Kafka broker" },
    },
  },
  status: [{ key: "lags", rank: 2, ask: async (own, running) => (await import("./lag.ts")).lagStatus(own, running) }],
  outside: [
    {
      key: "kafka",
      title: "Kafka",
      of({ existing }, { address }) {
        const bootstrapServers = existing?.bootstrapServers ?? address("kafka");
        if (bootstrapServers === undefined) return undefined;
        return {
          bootstrapServers,
          securityProtocol: existing?.securityProtocol ?? "PLAINTEXT",
          ...(existing?.saslMechanism && { saslMechanism: existing.saslMechanism }),
        };
      },
    },
  ],
  sized: (own) => ({ resources: kafkaResources(own) }),
  pods: ({ own }) => [{ resources: kafkaResources(own), count: own.replicas, data: own.storage }],
  setsUp: true,
  problems({ own }) {
    if (own.existing !== undefined) return existingProblems(own.existing);
    const problems: string[] = [];
    if (own.replicas % 2 === 0) {
      problems.push(
        `millrace:services.kafka.replicas: received ${own.replicas}; every broker votes, and an even number survives no ` +
          `more failures than one less; give an odd number, for example ${own.replicas + 1}`,
      );
    }
    if (own.replicationFactor > own.replicas) {
      problems.push(
        `millrace:services.kafka.replicationFactor: received ${own.replicationFactor}, with ${own.replicas} ` +
          `${own.replicas === 1 ? "broker" : "brokers"}; give at most ${own.replicas}, or raise millrace:services.kafka.replicas`,
      );
    }
    return problems;
  },
  warnings({ own, hasClaims, target, topics }) {
    if (own.existing !== undefined) return existingWarnings(own.existing);
    const warnings: string[] = [];
    if (own.replicas === 1 && (!hasClaims || own.storage.kind === "ephemeral")) {
      warnings.push("millrace:services.kafka: one broker with ephemeral storage loses all topics at every restart");
    }
    if (own.replicas > 1 && !hasClaims) {
      warnings.push(
        `millrace:cluster.storageClass: none, with ${own.replicas} brokers: the copies lie in the pods, and a restart of ` +
          "all brokers loses them",
      );
    }
    if (own.replicas > 1 && own.replicationFactor === 1) {
      warnings.push("millrace:services.kafka.replicationFactor: 1, so a lost broker loses its records");
    }
    if (target === "cloud" && own.replicas === 1) {
      warnings.push("millrace:services.kafka.replicas: 1 on target cloud: the loss of its node stops the data path");
    }
    return [...warnings, ...retentionWarnings(own, topics)];
  },
  claims: {
    set: "kafka",
    fewer: ({ there, wanted }) =>
      `millrace:services.kafka.replicas: received ${wanted}, but ${there} brokers have the cluster's records and vote on its ` +
      `topics: without ${there - wanted} of them copies go, and too few voters may be left for any change; put ${there} back; ` +
      `for fewer, bring the platform up as another stack with ${wanted}, copy the topics that you need, and take this one ` +
      'down (docs/kafka.md, "Fewer brokers")',
  },
});
