/** Publishing a Service outside the cluster, in whatever way the target has for it. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component } from "./component.ts";
import type { GuardedPage, GuardRules, PublishedAddress } from "./endpoints.ts";
import {
  COMPONENT_LABEL,
  LOGIN_ANNOTATION,
  type logins,
  NAME_LABEL,
  objectName,
  publishedServiceName,
  selector,
  serviceHost,
} from "./names.ts";
import { podsAt, publishedEdge, type Role } from "./network.ts";

/** The pods of the proxy that asks for a login before pages that ask nobody. */
export const authProxyRole: Role = { service: "auth-proxy", component: "server" };

/** What is common to all ways of publishing. */
interface Rules {
  /** Pages before which the proxy asks for a login, with its port for each, by the keys of the pages. @default - none */
  readonly guarded?: Readonly<Record<string, number>>;
  /** Keys of what is not published at all. @default - none */
  readonly inside?: readonly string[];
  /** Keys of pages that ask nobody, and before which nobody asks, because the stack says so. @default - none */
  readonly withoutLogin?: readonly string[];
}

/** How a Service reaches people outside the cluster. */
export type Exposure = Way & Rules;

type Way =
  /** Fixed node ports, reachable as `host:port` from the user's machine. */
  | { readonly kind: "nodePort"; readonly host: string; readonly ports: NodePorts }
  /** A cloud load balancer for each of these Services, by the keys that their rooms give them. */
  | { readonly kind: "loadBalancer"; readonly ports: readonly string[] }
  /** An Ingress for each of these pages, by the keys that their rooms give them; what does not speak HTTP has none. */
  | ({ readonly kind: "ingress"; readonly ports: readonly string[] } & IngressSettings)
  /** Reachable from inside the cluster only. */
  | { readonly kind: "none" };

/** Node ports (30000-32767) of the published Services, by the keys that their rooms give them. */
export type NodePorts = Readonly<Record<string, number>>;

/** What all Ingresses share. */
export interface IngressSettings {
  /** Domain: each page has a name of its own below it. */
  readonly host: string;
  /** IngressClass of the controller. @default - the cluster's default class */
  readonly className?: string;
  /**
   * Where certificates come from: a Secret with one for every name below the domain, or the ClusterIssuer of cert-manager that
   * makes one for each page. @default - none, so pages are not encrypted
   */
  readonly tls?: { readonly secretName: string } | { readonly issuer: string };
  /** For the controller. @default - none beside the platform's own */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Has a controller speak HTTPS to the pods, whose certificate is their own: ingress-nginx, and Traefik by the Service's annotation. */
const httpsBehind = { "nginx.ingress.kubernetes.io/backend-protocol": "HTTPS" };
const httpsService = { "traefik.ingress.kubernetes.io/service.serversscheme": "https" };

/** Without them ingress-nginx takes no body above 1 MiB, and cuts off an answer that is silent for a minute; to others they say nothing. */
const largeAndSlow = {
  "nginx.ingress.kubernetes.io/proxy-body-size": "0",
  "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
  "nginx.ingress.kubernetes.io/proxy-send-timeout": "3600",
};

export interface PublishArgs {
  /** Name of the Service to publish; it names the publishing Service and its pulumi resource. */
  readonly service: string;
  /** Which of several ports of the Service it is, each of which has a publishing Service of its own. @default - the only one, or the first */
  readonly part?: string;
  /** What names the publishing Service where that is to stay whatever is behind it. @default - `service` */
  readonly publishedAs?: string;
  readonly namespace: pulumi.Input<string>;
  /** Key that its room gives it: it tells the target's node port, whether the target publishes it, and its host name. */
  readonly nodePort: string;
  /** Port of the pods. */
  readonly port: number;
  /** Labels of the pods. */
  readonly selector: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** What it is, in the user's words. */
  readonly title: string;
  /** What the pods speak. @default - no HTTP: the address is `host:port` */
  readonly scheme?: "http" | "https";
  /** Whether UDP is published at the same number, where the way of publishing has it: an Ingress has not. @default false */
  readonly udp?: boolean;
  /** What the proxy must know of the page where it asks for a login before it. @default - nothing */
  readonly guard?: GuardRules;
}

/**
 * Where people find a page, by its key, where that is known before the cluster has said anything: programs that write links to
 * themselves are told. `undefined` where they have to read it from each request.
 */
export function publicUrl(exposure: Exposure, key: string): string | undefined {
  if (exposure.kind !== "ingress" || exposure.inside?.includes(key)) return undefined;
  return `${exposure.tls === undefined ? "http" : "https"}://${pageHost(exposure, key)}`;
}

function pageHost({ host }: IngressSettings, key: string): string {
  return `${objectName(key)}.${host}`;
}

function isPublished(exposure: Exposure, { nodePort, scheme }: PublishArgs): boolean {
  if (exposure.inside?.includes(nodePort)) return false;
  switch (exposure.kind) {
    case "nodePort":
      return true;
    case "loadBalancer":
      return exposure.ports.includes(nodePort);
    case "ingress":
      return scheme !== undefined && exposure.ports.includes(nodePort);
    case "none":
      return false;
  }
}

const serviceTypes = { nodePort: "NodePort", loadBalancer: "LoadBalancer", ingress: "ClusterIP" } as const;
/** Only the address of a load balancer is worth waiting for: the others are known, and whether they answer is asked at the end. */
const noWait = { "pulumi.com/skipAwait": "true" };

/**
 * Makes what people reach from outside, a child of `opts.parent`: a Service, and with exposure `ingress` an Ingress before it;
 * nothing when the target does not publish it. The address of a load balancer is known once the cloud has given it.
 */
export function publish(exposure: Exposure, args: PublishArgs, opts: pulumi.CustomResourceOptions): PublishedAddress {
  const { title, port } = args;
  const absent: string | undefined = undefined;
  if (exposure.kind === "none" || !isPublished(exposure, args)) return { title, url: pulumi.output(absent) };
  const own = { service: args.selector[NAME_LABEL] ?? "", component: args.selector[COMPONENT_LABEL] ?? "" };
  const guarded = guardedPage(exposure, args, own);
  const [role, targetPort] = guarded === undefined ? [own, port] : [authProxyRole, guarded.port];
  if (opts.parent instanceof Component) opts.parent.edges.push(publishedEdge(role, targetPort, title, args.udp));
  const prefix = args.scheme === undefined ? "" : `${args.scheme}://`;
  const nodePort = exposure.kind === "nodePort" ? { nodePort: exposure.ports[args.nodePort] } : {};
  const called = args.publishedAs ?? args.service;
  const name = publishedServiceName(args.part === undefined ? called : `${called}-${args.part}`);
  const metadata = { name, namespace: args.namespace, labels: { ...args.labels } };
  const service = new k8s.core.v1.Service(
    name,
    {
      metadata: {
        ...metadata,
        annotations:
          exposure.kind === "loadBalancer"
            ? { [LOGIN_ANNOTATION]: loginOf(exposure, args.nodePort) }
            : { ...noWait, ...(exposure.kind === "ingress" && args.scheme === "https" && httpsService) },
      },
      spec: {
        type: serviceTypes[exposure.kind],
        selector: guarded === undefined ? { ...args.selector } : selector(role.service, role.component),
        ports: [
          { name: "published", port, targetPort, ...nodePort },
          ...(args.udp === true && exposure.kind !== "ingress"
            ? [{ name: "published-udp", protocol: "UDP", port, targetPort, ...nodePort }]
            : []),
        ],
      },
    },
    opts,
  );
  const found = { title, ...(guarded && { guarded }) };
  switch (exposure.kind) {
    case "nodePort":
      return { ...found, url: pulumi.output(`${prefix}${exposure.host}:${exposure.ports[args.nodePort]}`) };
    case "ingress":
      createIngress(exposure, args, metadata, opts);
      return { ...found, url: pulumi.output(publicUrl(exposure, args.nodePort)) };
    case "loadBalancer":
      return { ...found, url: service.status.apply((status) => balancedUrl(status, prefix, port)) };
  }
}

function loginOf({ guarded = {}, withoutLogin = [] }: Rules, key: string): (typeof logins)[number] {
  if (key in guarded) return "proxy";
  return withoutLogin.includes(key) ? "nobody" : "page";
}

/** The page as the proxy sees it; `undefined` where it asks for no login there. */
function guardedPage(exposure: Exposure, args: PublishArgs, role: Role): GuardedPage | undefined {
  const { title, port: hostPort, service, guard: rules = {} } = args;
  const port = exposure.guarded?.[args.nodePort];
  if (port === undefined) return undefined;
  return {
    title,
    port,
    host: pulumi.output(args.namespace).apply((namespace) => serviceHost(service, namespace)),
    hostPort,
    at: podsAt(role, [hostPort], title),
    rules,
  };
}

/** The status of a Service that is only planned has neither name nor address. */
function balancedUrl(
  status: k8s.types.output.core.v1.ServiceStatus | undefined,
  prefix: string,
  port: number,
): string | undefined {
  const ingress = status?.loadBalancer.ingress[0];
  const host = ingress?.hostname ?? ingress?.ip;
  return host === undefined || host === "" ? undefined : `${prefix}${host}:${port}`;
}

/** Leads from a host name to the Service of the same name as the Ingress. */
function createIngress(
  exposure: Extract<Exposure, { readonly kind: "ingress" }>,
  { nodePort, port, scheme }: PublishArgs,
  metadata: {
    readonly name: string;
    readonly namespace: pulumi.Input<string>;
    readonly labels: Record<string, string>;
  },
  opts: pulumi.CustomResourceOptions,
): void {
  const { className, tls, annotations } = exposure;
  const { name } = metadata;
  const host = pageHost(exposure, nodePort);
  const issuer = tls !== undefined && "issuer" in tls ? { "cert-manager.io/cluster-issuer": tls.issuer } : {};
  // cert-manager makes the Secret that an Ingress names.
  const secretName = tls === undefined ? undefined : "secretName" in tls ? tls.secretName : `${name}-tls`;
  new k8s.networking.v1.Ingress(
    name,
    {
      metadata: {
        ...metadata,
        annotations: {
          ...noWait,
          ...largeAndSlow,
          ...(scheme === "https" && httpsBehind),
          ...issuer,
          ...annotations,
        },
      },
      spec: {
        ...(className && { ingressClassName: className }),
        ...(secretName && { tls: [{ hosts: [host], secretName }] }),
        rules: [
          {
            host,
            http: {
              paths: [{ path: "/", pathType: "Prefix", backend: { service: { name, port: { number: port } } } }],
            },
          },
        ],
      },
    },
    opts,
  );
}
