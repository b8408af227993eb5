/** Race cars: an ingest that takes samples of any client and writes them to a topic, and simulated cars that are its clients. */
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { PublishedAddress } from "../../platform/endpoints.ts";
import { type Exposure, publish } from "../../platform/exposure.ts";
import { generatedSecret } from "../../platform/generated-secret.ts";
import { labels, selector, serviceHost } from "../../platform/names.ts";
import { podsAt } from "../../platform/network.ts";
import { deployment, httpProbe, type Resources, secretEnv, service, tcpProbe } from "../../platform/workload.ts";
import type { TopicEndpoint } from "../kafka/endpoint.ts";
import { kafkaEnv } from "../kafka/kafka-env.ts";
import type { IngestEndpoint } from "./endpoint.ts";
import { tokenLength } from "./programs/protocol.ts";
import { trackNames, type TrackName } from "./programs/track.ts";

const PORT = 8080;
const TOKEN_KEY = "token";
const MOST_CARS = 100;
const HIGHEST_RATE = 100;
const HIGHEST_CLIENT_RATE = 100_000;
const programs = "/opt/millrace/components/race-car/programs";
/** The programs themselves give up sending what is left after 10 s. */
const GRACE_SECONDS = 30;

export interface RaceCarArgs {
  readonly namespace: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly image: pulumi.Input<string>;
  readonly exposure: Exposure;
  /** Where samples go, and what is none. */
  readonly topics: { readonly samples: TopicEndpoint; readonly deadLetters: TopicEndpoint };
  /** Messages that a client may send in a second. @default 1000 */
  readonly messagesPerSecond?: number;
  /** Simulated cars. */
  readonly simulation: {
    /** 0: only other clients send. @default 3 */
    readonly cars?: number;
    /** Samples of each car in a second. @default 15 */
    readonly rate?: number;
    /** The same one gives the same race. @default 1 */
    readonly seed?: number;
    /** @default "mill" */
    readonly track?: TrackName;
  };
  readonly ingestResources: Resources;
  readonly carsResources: Resources;
}

/** What is wrong with the arguments; empty when nothing is. */
export function raceCarProblems(args: Pick<RaceCarArgs, "messagesPerSecond" | "simulation">): string[] {
  const { messagesPerSecond = 1000, simulation } = args;
  const { cars = 3, rate = 15, seed = 1, track = "mill" } = simulation;
  const problems: string[] = [];
  const whole = (name: string, value: number, least: number, most: number): void => {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    problems.push(`race cars: ${name} is ${value}; give a whole number from ${least} to ${most}`);
  };
  whole("cars", cars, 0, MOST_CARS);
  whole("rate", rate, 1, HIGHEST_RATE);
  whole("seed", seed, 0, 2 ** 32 - 1);
  whole("messagesPerSecond", messagesPerSecond, 1, HIGHEST_CLIENT_RATE);
  if (!trackNames.includes(track)) {
    problems.push(`race cars: there is no track "${track}"; give one of ${trackNames.join(", ")}`);
  }
  return problems;
}

/** One ingest, which is stateless: while it starts anew, clients keep what it has not settled. */
export class RaceCar extends Component {
  readonly endpoint: IngestEndpoint;
  /** Where clients outside the cluster connect to. */
  readonly address: PublishedAddress;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: RaceCarArgs, opts?: ComponentOptions) {
    const { messagesPerSecond = 1000, topics } = args;
    const { cars = 3, rate = 15, seed = 1, track = "mill" } = args.simulation;
    super("RaceCar", name, { messagesPerSecond, cars, rate, seed, track }, opts);
    const problems = raceCarProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const ingest = `${name}-ingest`;
    const role = { service: name, component: "ingest" };
    const meta = { namespace: args.namespace, labels: labels(name, "ingest"), selector: selector(name, "ingest") };
    const { ref: token } = generatedSecret(
      {
        namespace: args.namespace,
        name: `${name}-token`,
        secretName: `${name}-token`,
        key: TOKEN_KEY,
        labels: meta.labels,
        length: tokenLength,
      },
      childOptions,
    );
    const tokenEnv = secretEnv("INGEST_TOKEN", token.secretName, token.key);
    const common = {
      image: args.image,
      ports: { http: PORT },
      scratch: ["/tmp"],
      terminationGracePeriodSeconds: GRACE_SECONDS,
      probes: {
        startup: tcpProbe(PORT, { periodSeconds: 2 }),
        // Only readiness asks for its health: an outage further on must not cost the samples that wait here.
        readiness: httpProbe(PORT, "/healthz", { periodSeconds: 5 }),
        liveness: tcpProbe(PORT, { periodSeconds: 20, failureThreshold: 6 }),
      },
    };

    service(ingest, { ...meta, ports: { http: PORT } }, childOptions);
    const taking = deployment(
      {
        name: ingest,
        namespace: args.namespace,
        replicas: 1,
        strategy: "RollingUpdate",
        pod: {
          ...common,
          ...role,
          reaches: [topics.samples.kafka.at],
          command: ["node", `${programs}/ingest.ts`],
          env: [
            ...kafkaEnv(topics.samples.kafka),
            { name: "TOPIC", value: topics.samples.topic },
            { name: "DEAD_LETTER_TOPIC", value: topics.deadLetters.topic },
            { name: "MESSAGES_PER_SECOND", value: String(messagesPerSecond) },
            tokenEnv,
            { name: "PORT", value: String(PORT) },
          ],
          resources: args.ingestResources,
        },
      },
      childOptions,
    );
    this.address = publish(
      args.exposure,
      { ...meta, service: ingest, nodePort: "raceCar", port: PORT, title: "Race cars", scheme: "http", udp: true },
      childOptions,
    );
    const url = pulumi.output(args.namespace).apply((namespace) => `ws://${serviceHost(ingest, namespace)}:${PORT}`);
    const at = podsAt(role, [PORT], "samples of race cars");
    if (cars > 0) {
      deployment(
        {
          name,
          namespace: args.namespace,
          replicas: 1,
          strategy: "Recreate",
          pod: {
            ...common,
            service: name,
            component: "cars",
            reaches: [at],
            command: ["node", `${programs}/race-cars.ts`],
            env: [
              { name: "INGEST_URL", value: url },
              tokenEnv,
              { name: "CARS", value: String(cars) },
              { name: "RATE", value: String(rate) },
              { name: "SEED", value: String(seed) },
              { name: "TRACK", value: track },
              { name: "HEALTH_PORT", value: String(PORT) },
            ],
            resources: args.carsResources,
          },
        },
        childOptions,
      );
    }
    this.endpoint = { kind: "race-car-ingest", at, url, token, ready: [taking] };
    this.registerOutputs({ url, address: this.address.url });
  }
}
