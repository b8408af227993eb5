/** The stations of the weather. */
import * as pulumi from "@pulumi/pulumi";
import type { TopicEndpoint } from "../../../../components/kafka/endpoint.ts";
import { Component, type ComponentOptions } from "../../../../platform/component.ts";
import { labels, selector, serviceHost } from "../../../../platform/names.ts";
import { deployment, type Resources, service, tcpProbe } from "../../../../platform/workload.ts";
import type { WeatherEndpoint } from "./endpoint.ts";

const ROLE = "station";
const PORT = 8080;

export interface WeatherArgs {
  readonly namespace: pulumi.Input<string>;
  readonly image: pulumi.Input<string>;
  readonly topic: TopicEndpoint;
  /** Number of stations. @default 1 */
  readonly stations?: number;
  readonly resources: Resources;
}

/** Stations that send what they read to a topic. */
export class Weather extends Component {
  /** Where the newest reading is. */
  readonly endpoint: WeatherEndpoint;

  constructor(name: string, args: WeatherArgs, opts?: ComponentOptions) {
    const { stations = 1 } = args;
    super("Weather", name, { stations }, opts);
    const meta = { namespace: args.namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };
    service(name, { ...meta, ports: { http: PORT } }, { parent: this });
    const pods = deployment(
      {
        name,
        namespace: args.namespace,
        replicas: stations,
        strategy: "RollingUpdate",
        pod: {
          service: name,
          component: ROLE,
          image: args.image,
          env: [{ name: "TOPIC", value: args.topic.topic }],
          ports: { http: PORT },
          resources: args.resources,
          probes: { readiness: tcpProbe(PORT, { periodSeconds: 5 }) },
        },
      },
      { parent: this },
    );
    const url = pulumi.output(args.namespace).apply((namespace) => `http://${serviceHost(name, namespace)}:${PORT}`);
    this.endpoint = { kind: "weather", url, ready: [pods] };
    this.registerOutputs({ url });
  }
}
