/** The portal: a server of one page, which asks the metrics' store and the logs. */
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { PublishedAddress, Ready } from "../../platform/endpoints.ts";
import { type Exposure, publish } from "../../platform/exposure.ts";
import { labels, selector, serviceHost } from "../../platform/names.ts";
import { type Destination, destinationsOf, podsAt } from "../../platform/network.ts";
import { configMap, deployment, httpProbes, type Resources, service } from "../../platform/workload.ts";
import type { LogsEndpoint } from "../logs/endpoint.ts";
import type { MetricsEndpoint } from "../metrics/endpoint.ts";
import { PORTAL_PORT } from "./names.ts";
import type { Platform } from "./programs/platform.ts";

const ROLE = "server";
const PLATFORM_PATH = "/etc/portal";
const PLATFORM_FILE = "platform.json";

export interface PortalArgs {
  readonly namespace: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly toolsImage: pulumi.Input<string>;
  readonly exposure: Exposure;
  readonly resources: Resources;
  readonly metrics: MetricsEndpoint;
  /** Where the proofs' own words are. @default - the page does not know of proofs */
  readonly logs?: LogsEndpoint | undefined;
}

export class Portal extends Component {
  /** Where people find the page. */
  readonly address: PublishedAddress;
  readonly at: Destination;
  /** `http://host:port`, reachable from pods. */
  readonly url: pulumi.Output<string>;
  /** Made when the page is served. */
  readonly ready: Ready;
  readonly #platform: { readonly name: string; readonly namespace: pulumi.Input<string> };

  constructor(name: string, args: PortalArgs, opts?: ComponentOptions) {
    super("Portal", name, {}, opts);
    const { namespace, metrics, logs } = args;
    const childOptions = { parent: this };
    this.#platform = { name: `${name}-platform`, namespace };
    const meta = { namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };
    service(name, { ...meta, ports: { http: PORTAL_PORT } }, childOptions);
    const server: k8s.apps.v1.Deployment = deployment(
      {
        name,
        namespace,
        replicas: 1,
        strategy: "RollingUpdate",
        pod: {
          service: name,
          component: ROLE,
          reaches: destinationsOf([metrics, logs]),
          image: args.toolsImage,
          command: ["node", "--max-old-space-size=48", "/opt/millrace/components/portal/programs/server.ts"],
          env: [
            { name: "METRICS_URL", value: metrics.url },
            ...(logs === undefined ? [] : [{ name: "LOGS_URL", value: logs.url }]),
            { name: "PLATFORM_FILE", value: `${PLATFORM_PATH}/${PLATFORM_FILE}` },
            { name: "PORT", value: String(PORTAL_PORT) },
          ],
          ports: { http: PORTAL_PORT },
          resources: args.resources,
          // Not what it asks: the page must come also while that is away, and say so.
          probes: httpProbes(PORTAL_PORT, "/healthz"),
          // It comes when all is wired, and is read anew for each answer: the pod neither waits for it nor restarts.
          volumes: [{ name: "platform", configMap: { name: this.#platform.name, optional: true } }],
          mounts: [{ name: "platform", mountPath: PLATFORM_PATH, readOnly: true }],
          scratch: ["/tmp"],
        },
      },
      childOptions,
    );
    this.address = publish(
      args.exposure,
      { ...meta, service: name, nodePort: "portal", port: PORTAL_PORT, title: "Portal", scheme: "http" },
      childOptions,
    );
    this.url = pulumi.output(namespace).apply((known) => `http://${serviceHost(name, known)}:${PORTAL_PORT}`);
    this.at = podsAt({ service: name, component: ROLE }, [PORTAL_PORT], "the portal");
    this.ready = [server];
    this.registerOutputs({ url: this.url, address: this.address.url });
  }

  /** Gives the page what there is to open. Call it when all is placed. */
  show(platform: pulumi.Output<Platform>): void {
    const { name, namespace } = this.#platform;
    configMap(
      name,
      {
        namespace,
        labels: labels("portal", ROLE),
        data: { [PLATFORM_FILE]: platform.apply((known) => JSON.stringify(known)) },
      },
      { parent: this },
    );
  }
}
