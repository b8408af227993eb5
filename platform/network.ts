/**
 * Who connects to whom, as plain values. A server's endpoint says where connections to it go, and each pod which of the
 * endpoints that it was handed it connects to: that is an edge. Policies, `npm run status -- --edges` and
 * docs/network.md are made of the same edges.
 */
import { isIP } from "node:net";
import type { QuarterName } from "./names.ts";

/** Pods of one role, by their labels. */
export interface Role {
  readonly service: string;
  readonly component: string;
  /** Labels that tell them from the role's other pods. @default - all pods of the role */
  readonly also?: Readonly<Record<string, string>>;
  /** Namespace of people's programs in which they are. @default - the platform's own */
  readonly in?: QuarterName;
}

/** One end of an edge. */
export type End =
  | ({ readonly kind: "pods" } & Role)
  /** The API server of the cluster. */
  | { readonly kind: "apiServer" }
  /** The kubelet of each node. */
  | { readonly kind: "nodes" }
  /** What is outside the cluster, as far as people's programs may reach it. */
  | { readonly kind: "world" }
  /** Whoever comes by a published address. */
  | { readonly kind: "published" }
  /** Hosts outside the platform that are one service, such as the brokers of a Kafka cluster. */
  | { readonly kind: "outside"; readonly hosts: readonly string[] };

/** Where connections to a server go. */
export interface Destination {
  readonly end: End;
  /** TCP ports of the pods, which may differ from those of a Service. */
  readonly ports: readonly number[];
  /** Whether UDP goes to the same ports. @default false */
  readonly udp?: boolean;
  /** What is spoken or done there, in a few words. */
  readonly why: string;
}

export interface Edge {
  readonly from: End;
  readonly to: End;
  readonly ports: readonly number[];
  /** Whether UDP goes to the same ports. @default false */
  readonly udp?: boolean;
  readonly why: string;
}

/** A pod, as far as the network is concerned. */
export interface Speaker extends Role {
  /** What it connects to. @default - nothing */
  readonly reaches?: readonly Destination[];
  /** Account whose token is mounted: such a pod asks the API server. @default - none */
  readonly serviceAccountName?: unknown;
}

/** The cluster's own API. */
export const apiServer: Destination = { end: { kind: "apiServer" }, ports: [], why: "Kubernetes API" };

/** The nodes' own agents, which know what each container uses. */
export const kubelets: Destination = { end: { kind: "nodes" }, ports: [10250], why: "what containers use" };

/** What people's programs load from elsewhere: packages, files, the answers of other services. */
export const world: Destination = { end: { kind: "world" }, ports: [], why: "what people's programs load" };

/** Pods of one role as a destination. */
export function podsAt(
  { service, component, also, in: quarter }: Role,
  ports: readonly number[],
  why: string,
): Destination {
  return {
    end: { kind: "pods", service, component, ...(also && { also }), ...(quarter && { in: quarter }) },
    ports,
    why,
  };
}

/** Where connections to endpoints go; those that are not there lead nowhere. */
export function destinationsOf(endpoints: readonly ({ readonly at: Destination } | undefined)[]): Destination[] {
  return endpoints.flatMap((endpoint) => (endpoint === undefined ? [] : [endpoint.at]));
}

/** A service that the platform does not run. @param hosts DNS names or addresses. */
export function outsideAt(hosts: readonly string[], ports: readonly number[], why: string): Destination {
  return { end: { kind: "outside", hosts: [...new Set(hosts)] }, ports: [...new Set(ports)], why };
}

/** A URL that the platform does not serve; the port is its protocol's where it names none. */
export function outsideUrl(url: string, why: string): Destination {
  const { protocol, hostname, port } = new URL(url.replace(/^(?!https?:)[a-z0-9+]+:/, "http:"));
  return outsideAt([hostname], [Number(port) || (protocol === "https:" ? 443 : 80)], why);
}

/** Edges from pods of a role. */
export function edgesOf({ reaches = [], serviceAccountName, ...role }: Speaker): Edge[] {
  const { end: from } = podsAt(role, [], "");
  const all = serviceAccountName === undefined ? reaches : [...reaches, apiServer];
  return all.map(({ end: to, ports, udp, why }) => ({ from, to, ports, ...(udp && { udp }), why }));
}

/** Edge of those who come by a published address. */
export function publishedEdge(role: Role, port: number, title: string, udp = false): Edge {
  const { end: to } = podsAt(role, [], "");
  return { from: { kind: "published" }, to, ports: [port], ...(udp && { udp }), why: title };
}

/** Edge of `npm run status`, which asks through the API server. */
export function statusEdge({ end: to, ports }: Destination): Edge {
  return { from: apiServer.end, to, ports, why: "status" };
}

/** What an end is called in tables: `presto/worker`, `spark/executor (census) in jobs`, `API server`. */
export function endName(end: End): string {
  switch (end.kind) {
    case "pods": {
      const also = Object.values(end.also ?? {}).join(", ");
      const where = end.in === undefined ? "" : ` in ${end.in}`;
      return `${end.service}/${end.component}${also === "" ? "" : ` (${also})`}${where}`;
    }
    case "apiServer":
      return "API server";
    case "nodes":
      return "nodes";
    case "world":
      return "outside the cluster";
    case "published":
      return "published address";
    case "outside":
      return `outside: ${end.hosts.map((host) => `${host}${widened(host)}`).join(", ")}`;
  }
}

/** What a policy can open for a host outside: it knows addresses and namespaces, and no names. */
export type Reach =
  | { readonly kind: "address"; readonly address: string }
  /** The pods of a Service: which ports of theirs it leads to, nobody outside the namespace knows. */
  | { readonly kind: "namespace"; readonly namespace: string }
  /** Behind a name may be any address. */
  | { readonly kind: "anywhere" };

const SERVICE_HOST = /^(?:[a-z0-9-]+\.)+([a-z0-9-]+)\.svc(?:\.cluster\.local)?$/;

export function reachOf(host: string): Reach {
  if (isIP(host) === 4) return { kind: "address", address: host };
  const [, namespace] = SERVICE_HOST.exec(host) ?? [];
  return namespace === undefined ? { kind: "anywhere" } : { kind: "namespace", namespace };
}

/** What more than the host is open with it, in words. */
function widened(host: string): string {
  const reach = reachOf(host);
  switch (reach.kind) {
    case "address":
      return "";
    case "namespace":
      return ` (all pods of namespace ${reach.namespace})`;
    case "anywhere":
      return " (any address)";
  }
}

/** Each edge once, sorted by name: those between the same ends for the same reason are one, with the ports of all. */
export function mergedEdges(edges: readonly Edge[]): Edge[] {
  const byName = new Map<string, Edge>();
  for (const edge of edges) {
    const name = [endName(edge.from), endName(edge.to), edge.why].join("\0");
    const before = byName.get(name);
    const ports = [...new Set([...(before?.ports ?? []), ...edge.ports])].sort((left, right) => left - right);
    byName.set(name, { ...edge, ports, ...(before?.udp && { udp: true }) });
  }
  const names = [...byName.keys()].sort();
  return names.flatMap((name) => byName.get(name) ?? []);
}

/** An edge in words. */
export interface EdgeRow {
  readonly from: string;
  readonly to: string;
  readonly ports: readonly number[];
  readonly why: string;
}

/** Edges in words. @param apiServerPorts Ports of the API server, which no edge tells. */
export function edgeRows(edges: readonly Edge[], apiServerPorts: readonly number[]): EdgeRow[] {
  return edges.map(({ from, to, ports, why }) => ({
    from: endName(from),
    to: endName(to),
    ports: to.kind === "apiServer" ? apiServerPorts : ports,
    why,
  }));
}
