/** How Kafka is built: brokers of the platform's own or those that are there, and the declared topics. */
import { watchable } from "../../platform/watchable.ts";
import { kafkaSecurityEnv } from "./kafka-env.ts";
import type { kafkaWatch } from "./watch.ts";
import * as pulumi from "@pulumi/pulumi";
import type { KafkaEndpoint, TopicEndpoint } from "./endpoint.ts";
import { CA_KEY } from "../../platform/authority.ts";
import type { PublishedAddress } from "../../platform/endpoints.ts";
import { GivenSecret } from "../../platform/given-secret.ts";
import { defineRoom } from "../../platform/place.ts";
import { setupResources } from "../../platform/resources.ts";
import { declaredTopics, type Loads } from "./declared-topics.ts";
import { KafkaTopics } from "./kafka-topic.ts";
import { type ExistingKafka, PASSWORD_KEY, USERNAME_KEY } from "./existing.ts";
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
    const endpoint = brokers?.endpoint ?? endpointOf(own.existing, namespace, opts);
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
  offers: ({ address, endpoint, topics }, { own }) => ({
    addresses: { kafka: address },
    watches: [
      watchable<typeof kafkaWatch>("kafka", {
        settings: {
          bootstrapServers: endpoint.bootstrapServers,
          ...(own.existing && { topics: Object.keys(topics) }),
          hasTls: endpoint.securityProtocol.endsWith("SSL"),
        },
        env: kafkaSecurityEnv(endpoint),
        reaches: [endpoint.at],
      }),
    ],
  }),
});

/** Brokers that are there, with what the stack's file says of them; what is secret goes into a Secret. */
function endpointOf(
  existing: ExistingKafka | undefined,
  namespace: pulumi.Output<string>,
  opts: pulumi.ComponentResourceOptions,
): KafkaEndpoint {
  if (existing === undefined)
    throw new pulumi.RunError("kafka: there are neither brokers of its own nor existing ones");
  const { bootstrapServers, securityProtocol, saslMechanism, username, password, ca } = existing;
  const texts = {
    ...(username !== undefined && { [USERNAME_KEY]: username }),
    ...(password !== undefined && { [PASSWORD_KEY]: password }),
    ...(ca !== undefined && { [CA_KEY]: ca }),
  };
  const given =
    Object.keys(texts).length === 0 ? undefined : new GivenSecret("kafka-client", { namespace, texts }, opts);
  const from = (secretName: string | undefined, key: string) =>
    secretName === undefined ? given?.ref(key) : { secretName: pulumi.output(secretName), key };
  const [name, secret] = [from(existing.secretName, USERNAME_KEY), from(existing.secretName, PASSWORD_KEY)];
  const authority =
    ca === undefined && existing.caSecretName === undefined ? undefined : from(existing.caSecretName, CA_KEY);
  return existingKafka({
    bootstrapServers,
    securityProtocol,
    ...(saslMechanism && name && secret && { login: { mechanism: saslMechanism, username: name, password: secret } }),
    ...(authority && { ca: authority }),
  });
}
