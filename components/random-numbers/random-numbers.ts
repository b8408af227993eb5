/** The pumps of random numbers: each sends numbers to a topic at a steady rate, and marked ones for those who may ask. */
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { TopicEndpoint } from "../kafka/endpoint.ts";
import { kafkaEnv } from "../kafka/kafka-env.ts";
import type { PumpEndpoint } from "./endpoint.ts";
import { generatedSecret } from "../../platform/generated-secret.ts";
import { labels, selector, serviceHost } from "../../platform/names.ts";
import { podsAt } from "../../platform/network.ts";
import {
  deployment,
  fieldEnv,
  httpProbe,
  type Resources,
  secretEnv,
  service,
  tcpProbe,
} from "../../platform/workload.ts";

const ROLE = "pump";
const PORT = 8080;
const TOKEN_KEY = "token";
const TOKEN_LENGTH = 32;
const HIGHEST_RATE = 5000;
/** The program itself gives up sending what is left after 10 s. */
const GRACE_SECONDS = 30;

export interface RandomNumbersArgs {
  readonly namespace: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly image: pulumi.Input<string>;
  readonly topic: TopicEndpoint;
  /** Numbers that each pump sends in a second. @default 10 */
  readonly rate?: number;
  /** Number of pumps. @default 1 */
  readonly replicas?: number;
  readonly resources: Resources;
}

/** What is wrong with the arguments; empty when nothing is. */
export function randomNumbersProblems(args: Pick<RandomNumbersArgs, "rate" | "replicas">): string[] {
  const problems: string[] = [];
  const { rate = 10, replicas = 1 } = args;
  if (!Number.isInteger(rate) || rate < 1 || rate > HIGHEST_RATE) {
    problems.push(
      `random numbers: rate is ${rate}; give a whole number from 1 to ${HIGHEST_RATE}, and more replicas for more`,
    );
  }
  if (!Number.isInteger(replicas) || replicas < 1) {
    problems.push(`random numbers: replicas is ${replicas}; give a whole number from 1`);
  }
  return problems;
}

/** One pump or several: they share nothing but the topic, so each adds its rate. */
export class RandomNumbers extends Component {
  /** Where marked numbers are asked for. */
  readonly endpoint: PumpEndpoint;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: RandomNumbersArgs, opts?: ComponentOptions) {
    const { rate = 10, replicas = 1, topic } = args;
    super("RandomNumbers", name, { rate, replicas }, opts);
    const problems = randomNumbersProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const meta = { namespace: args.namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };

    const { ref: token } = generatedSecret(
      {
        namespace: args.namespace,
        name: `${name}-token`,
        secretName: `${name}-token`,
        key: TOKEN_KEY,
        labels: meta.labels,
        length: TOKEN_LENGTH,
      },
      childOptions,
    );
    service(name, { ...meta, ports: { http: PORT } }, childOptions);
    const pumps = deployment(
      {
        name,
        namespace: args.namespace,
        replicas,
        strategy: "RollingUpdate",
        pod: {
          service: name,
          component: ROLE,
          reaches: [topic.kafka.at],
          image: args.image,
          command: ["node", "/opt/millrace/components/random-numbers/programs/random-numbers.ts"],
          env: [
            ...kafkaEnv(topic.kafka),
            { name: "TOPIC", value: topic.topic },
            { name: "RATE", value: String(rate) },
            fieldEnv("NODE_NAME", "metadata.name"),
            secretEnv("PUMP_TOKEN", token.secretName, token.key),
            { name: "HEALTH_PORT", value: String(PORT) },
          ],
          ports: { http: PORT },
          resources: args.resources,
          probes: {
            startup: tcpProbe(PORT, { periodSeconds: 2 }),
            // Only readiness asks for its health: a broker's outage must not cost the numbers that wait here.
            readiness: httpProbe(PORT, "/healthz", { periodSeconds: 5 }),
            liveness: tcpProbe(PORT, { periodSeconds: 20, failureThreshold: 6 }),
          },
          scratch: ["/tmp"],
          spread: true,
          terminationGracePeriodSeconds: GRACE_SECONDS,
        },
      },
      childOptions,
    );
    const url = pulumi.output(args.namespace).apply((namespace) => `http://${serviceHost(name, namespace)}:${PORT}`);
    this.endpoint = {
      kind: "random-numbers",
      url,
      token,
      at: podsAt({ service: name, component: ROLE }, [PORT], "marked numbers"),
      ready: [pumps],
    };
    this.registerOutputs({ url });
  }
}
