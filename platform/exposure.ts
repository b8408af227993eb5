/** Publishing a Service outside the cluster, in whatever way the target has for it. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { PublishedAddress } from "./endpoints.ts";
import { publishedServiceName } from "./names.ts";

/** How a Service reaches people outside the cluster. */
export type Exposure =
  /** Fixed node ports, reachable as `host:port` from the user's machine. */
  | { readonly kind: "nodePort"; readonly host: string; readonly ports: NodePorts }
  /** A cloud load balancer for each of these Services, by the keys that their rooms give them. */
  | { readonly kind: "loadBalancer"; readonly ports: readonly string[] }
  /** Reachable from inside the cluster only. */
  | { readonly kind: "none" };

/** Node ports (30000-32767) of the published Services, by the keys that their rooms give them. */
export type NodePorts = Readonly<Record<string, number>>;

export interface PublishArgs {
  /** Name of the Service to publish; it names the publishing Service and its pulumi resource. */
  readonly service: string;
  readonly namespace: pulumi.Input<string>;
  /** Key that its room gives it, which tells the target's node port, and whether it has a load balancer. */
  readonly nodePort: string;
  /** Port of the pods. */
  readonly port: number;
  /** Labels of the pods. */
  readonly selector: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** What it is, in the user's words. */
  readonly title: string;
  /** Scheme of the address. @default - the address is `host:port` */
  readonly scheme?: "http" | "https";
}

/**
 * Makes the Service that people reach from outside, a child of `opts.parent`; none when the target does not publish it.
 * The address of a load balancer is known once the cloud has given it.
 */
export function publish(exposure: Exposure, args: PublishArgs, opts: pulumi.CustomResourceOptions): PublishedAddress {
  const absent: string | undefined = undefined;
  const isPublished =
    exposure.kind === "nodePort" || (exposure.kind === "loadBalancer" && exposure.ports.includes(args.nodePort));
  if (!isPublished) return { title: args.title, url: pulumi.output(absent) };
  const prefix = args.scheme === undefined ? "" : `${args.scheme}://`;
  const nodePort = exposure.kind === "nodePort" ? { nodePort: exposure.ports[args.nodePort] } : {};
  // Two ports of one service (S3 and its console) are two Services, so the node port's use is part of the name.
  const suffix = args.nodePort === "objectStoreConsole" ? "-console" : "";
  const name = publishedServiceName(`${args.service}${suffix}`);
  // A node port is there at once; only the address of a load balancer is worth waiting for.
  const annotations = exposure.kind === "nodePort" ? { annotations: { "pulumi.com/skipAwait": "true" } } : {};
  const service = new k8s.core.v1.Service(
    name,
    {
      metadata: { name, namespace: args.namespace, labels: { ...args.labels }, ...annotations },
      spec: {
        type: exposure.kind === "nodePort" ? "NodePort" : "LoadBalancer",
        selector: { ...args.selector },
        ports: [{ name: "published", port: args.port, targetPort: args.port, ...nodePort }],
      },
    },
    opts,
  );
  if (exposure.kind === "nodePort") {
    const port = exposure.ports[args.nodePort];
    return { title: args.title, url: pulumi.output(`${prefix}${exposure.host}:${port}`) };
  }
  const url = service.status.apply((status) => {
    const ingress = (status as k8s.types.output.core.v1.ServiceStatus | undefined)?.loadBalancer.ingress[0];
    // The status of a Service that is only planned has neither.
    const host = ingress?.hostname ?? ingress?.ip;
    return host === undefined || host === "" ? undefined : `${prefix}${host}:${args.port}`;
  });
  return { title: args.title, url };
}
