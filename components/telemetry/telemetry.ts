/** The telemetry producer: sends the vmstat and iostat figures of its node to a topic, for ever. */
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import { type Proven, proven } from "../../platform/proven.ts";
import type { TopicEndpoint } from "../kafka/endpoint.ts";
import { kafkaEnv } from "../kafka/kafka-env.ts";
import { deployment, fieldEnv, httpProbe, type Resources, tcpProbe } from "../../platform/workload.ts";
import type { Ready } from "../../platform/endpoints.ts";
import type { telemetryHops } from "./hops.ts";

const HEALTH_PORT = 8080;

export interface TelemetryProducerArgs {
  readonly namespace: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly image: pulumi.Input<string>;
  readonly topic: TopicEndpoint;
  readonly resources: Resources;
  /** Time between two measurements, in seconds. @default 5 */
  readonly intervalSeconds?: number;
}

/** What is wrong with the arguments; empty when nothing is. */
export function telemetryProblems(args: Pick<TelemetryProducerArgs, "intervalSeconds">): string[] {
  const { intervalSeconds = 5 } = args;
  if (Number.isInteger(intervalSeconds) && intervalSeconds >= 1 && intervalSeconds <= 3600) return [];
  return [`telemetry: intervalSeconds is ${intervalSeconds}; give a whole number from 1 to 3600`];
}

/** One producer pod. */
export class TelemetryProducer extends Component {
  /** Made when records are acknowledged. */
  readonly ready: Ready;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: TelemetryProducerArgs, opts?: ComponentOptions) {
    const { intervalSeconds = 5 } = args;
    super("TelemetryProducer", name, { intervalSeconds }, opts);
    const problems = telemetryProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const producerName = `${name}-producer`;
    const producer = deployment(
      {
        name: producerName,
        namespace: args.namespace,
        replicas: 1,
        strategy: "Recreate",
        pod: {
          service: producerName,
          component: "producer",
          reaches: [args.topic.kafka.at],
          image: args.image,
          command: ["node", "/opt/millrace/components/telemetry/programs/telemetry-producer.ts"],
          env: [
            ...kafkaEnv(args.topic.kafka),
            { name: "TOPIC", value: args.topic.topic },
            { name: "INTERVAL_SECONDS", value: String(intervalSeconds) },
            { name: "HEALTH_PORT", value: String(HEALTH_PORT) },
            fieldEnv("NODE_NAME", "spec.nodeName"),
          ],
          ports: { health: HEALTH_PORT },
          resources: args.resources,
          probes: {
            startup: tcpProbe(HEALTH_PORT, { periodSeconds: 2 }),
            // Only readiness asks for its health: a broker's outage must not cost the records that wait here.
            readiness: httpProbe(HEALTH_PORT, "/healthz", { periodSeconds: 5 }),
            liveness: tcpProbe(HEALTH_PORT, { periodSeconds: 20, failureThreshold: 6 }),
          },
          scratch: ["/tmp"],
        },
      },
      { parent: this },
    );
    this.ready = [producer];
    this.registerOutputs({ ready: producer.id });
  }
}

/**
 * What the proof is to know of the streams of records.
 * @param stream Whether a stream writes the topic's records into table `samples`. @default true
 * @param intervalSeconds Of the producer. @default - there is none
 */
export function provenTelemetry(of: { readonly stream?: boolean; readonly intervalSeconds?: number } = {}): Proven {
  return proven<typeof telemetryHops>("telemetry", { settings: of });
}
