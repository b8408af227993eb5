/** Topics of a Kafka cluster, declared with their settings and made by one Job. */
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { KafkaEndpoint, TopicEndpoint } from "./endpoint.ts";
import { kafkaSecurityEnv } from "./kafka-env.ts";
import { DATA_JOB_SECONDS, job, type Resources } from "../../platform/workload.ts";
import { type Proven, proven } from "../../platform/proven.ts";
import type { kafkaHops } from "./hops.ts";

const ROLE = "setup";

/** A topic and its settings. */
export interface TopicSettings {
  /** Number of partitions; it can grow and never shrink. */
  readonly partitions: number;
  /** Copies of each record; not more than there are brokers. @default 1 */
  readonly replicationFactor?: number;
  /** How long records are kept, in hours. @default - the brokers' own, 7 days */
  readonly retentionHours?: number;
  /** Further settings by Kafka's own names. @default - none */
  readonly config?: Readonly<Record<string, string>>;
}

export interface KafkaTopicsArgs<Name extends string> {
  readonly namespace: pulumi.Input<string>;
  /** Name of its Kubernetes objects. @default - the component's name */
  readonly objectName?: string;
  readonly kafka: KafkaEndpoint;
  /**
   * Number of brokers of a cluster that is the platform's own: replication factors are checked against it, and Kafka's
   * own topics get as many copies, three at most. @default - not checked, and Kafka's own topics stay as they are
   */
  readonly brokers?: number;
  /**
   * What each copy of a partition of other topics keeps, in bytes, unless they set `retention.bytes`; topics that were
   * there before the first such bound keep everything. @default - the brokers' own, no bound
   */
  readonly otherTopicsBytes?: number;
  /** The platform's tools image. */
  readonly toolsImage: pulumi.Input<string>;
  readonly resources: Resources;
  readonly topics: Readonly<Record<Name, TopicSettings>>;
}

/** What is wrong with the topics; empty when nothing is. */
export function topicProblems(args: {
  readonly brokers?: number;
  readonly topics: Readonly<Record<string, TopicSettings>>;
}): string[] {
  const problems: string[] = [];
  for (const [name, topic] of Object.entries(args.topics)) {
    const copies = topic.replicationFactor ?? 1;
    if (!/^[A-Za-z0-9._-]{1,249}$/.test(name) || name === "." || name === "..") {
      problems.push(`topic "${name}": use up to 249 letters, digits, dots, dashes and underscores as a name`);
    }
    if (!Number.isInteger(topic.partitions) || topic.partitions < 1) {
      problems.push(`topic "${name}": partitions is ${topic.partitions}; give a whole number from 1`);
    }
    if (!Number.isInteger(copies) || copies < 1) {
      problems.push(`topic "${name}": replicationFactor is ${copies}; give a whole number from 1`);
    }
    if (args.brokers !== undefined && copies > args.brokers) {
      problems.push(
        `topic "${name}": replicationFactor (${copies}) is more than the brokers there are (${args.brokers}); ` +
          "raise services.kafka.replicas or lower it",
      );
    }
    if (topic.retentionHours !== undefined && !(topic.retentionHours > 0)) {
      problems.push(`topic "${name}": retentionHours is ${topic.retentionHours}; give a number above 0`);
    }
  }
  return problems;
}

/** The settings that the Job reads from TOPICS_CONFIG, without the brokers' address. */
export function topicList(topics: Readonly<Record<string, TopicSettings>>): object[] {
  return Object.entries(topics).map(([name, topic]) => ({
    name,
    partitions: topic.partitions,
    replicationFactor: topic.replicationFactor ?? 1,
    config: {
      ...(topic.retentionHours === undefined ? {} : { "retention.ms": String(topic.retentionHours * 3_600_000) }),
      ...topic.config,
    },
  }));
}

/**
 * The topics of one cluster. Making them again with other settings changes them; nothing is ever deleted.
 * Copies are added to topics that are there, and never taken away.
 */
export class KafkaTopics<Name extends string> extends Component {
  /** Each topic as an endpoint, by its name. */
  readonly topics: Readonly<Record<Name, TopicEndpoint>>;

  /** @throws ResourceError when a topic's settings are wrong. */
  constructor(name: string, args: KafkaTopicsArgs<Name>, opts?: ComponentOptions) {
    super("KafkaTopics", name, { topics: args.topics }, opts);
    const problems = topicProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const { objectName = name } = args;
    const config = args.kafka.bootstrapServers.apply((bootstrapServers) =>
      JSON.stringify({
        bootstrapServers,
        topics: topicList(args.topics),
        ...(args.brokers === undefined ? {} : { brokers: args.brokers }),
        ...(args.otherTopicsBytes === undefined ? {} : { otherTopicsBytes: args.otherTopicsBytes }),
      }),
    );
    const setup = job(
      {
        name: objectName,
        namespace: args.namespace,
        deadlineSeconds: DATA_JOB_SECONDS,
        retries: 3,
        pod: {
          service: objectName,
          component: ROLE,
          reaches: [args.kafka.at],
          image: args.toolsImage,
          command: ["node", "/opt/millrace/components/kafka/programs/kafka-topics.ts"],
          env: [{ name: "TOPICS_CONFIG", value: config }, ...kafkaSecurityEnv(args.kafka)],
          resources: args.resources,
          scratch: ["/tmp"],
        },
      },
      {
        parent: this,
        dependsOn: [...args.kafka.ready],
      },
    );
    const entries = Object.entries<TopicSettings>(args.topics).map(([topic, settings]): [string, TopicEndpoint] => [
      topic,
      {
        kind: "topic",
        kafka: args.kafka,
        topic: pulumi.output(topic),
        partitions: settings.partitions,
        ready: [setup],
      },
    ]);
    this.topics = Object.fromEntries(entries) as Record<Name, TopicEndpoint>;
    this.registerOutputs({ topics: Object.keys(this.topics) });
  }
}

/** What the proof is to know of the topic that it sends its records to. */
export function provenTopic({ kafka, topic, ready }: TopicEndpoint): Proven {
  const { bootstrapServers, at } = kafka;
  return proven<typeof kafkaHops>("kafka", {
    settings: { bootstrapServers, topic },
    env: kafkaSecurityEnv(kafka),
    ready,
    reaches: [at],
  });
}
