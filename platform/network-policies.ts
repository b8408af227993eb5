/** The policies of a network: what no edge opens is closed, in both directions. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { within } from "./cidr.ts";
import { Component, type ComponentOptions } from "./component.ts";
import type { Ready } from "./endpoints.ts";
import { labels, PART_OF_LABEL, quarterNamespace, type QuarterName, selector } from "./names.ts";
import { type Edge, type End, mergedEdges, reachOf, type Role } from "./network.ts";
import { nameIn, type Quarter } from "./quarters.ts";

/** What is known of a cluster's network. */
export interface NetworkFacts {
  /** Networks of its pods, as CIDR. Empty: not known, so that what is open to the outside is open to all pods, too. */
  readonly podNetworks: readonly string[];
  /** Ports of the API server itself, which its Service leads to. */
  readonly apiServerPorts: readonly number[];
  /** Whether the name server is a pod, or runs on the nodes' own network. */
  readonly nameServer: "pod" | "node";
  /** Networks outside the cluster that people's programs may reach, as CIDR. Of the internet its private networks are not meant. */
  readonly world: readonly string[];
  /** Whether an ingress controller leads people to the pages. */
  readonly hasIngress: boolean;
}

export interface Port {
  readonly protocol: "TCP" | "UDP";
  readonly port: number;
}

export interface Peer {
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
  readonly namespaceSelector?: Selector;
  readonly podSelector?: Selector;
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: "NotIn";
    readonly values: readonly string[];
  }[];
}

/** Spec of a NetworkPolicy. */
export interface PolicySpec {
  readonly podSelector: Selector;
  readonly policyTypes: readonly ["Ingress", "Egress"];
  readonly ingress?: readonly { readonly from: readonly Peer[]; readonly ports: readonly Port[] }[];
  readonly egress: readonly { readonly to: readonly Peer[]; readonly ports?: readonly Port[] }[];
}

const DENY = "deny-all-else";
const NAMESPACE_LABEL = "kubernetes.io/metadata.name";
const ANYWHERE = "0.0.0.0/0";
/** Where the cache of names listens on each node, where a cluster has one. */
const NODE_LOCAL_DNS = "169.254.20.10/32";
/** Link-local: clouds hand out their machines' rights there. */
const LINK_LOCAL = "169.254.0.0/16";
/** Networks of RFC 1918 and RFC 6598 (carriers' NAT), and one link, where clouds tell their machines who they are. */
const PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", LINK_LOCAL, "172.16.0.0/12", "192.168.0.0/16"];

/** What the policies are made for. */
export interface PolicyContext extends NetworkFacts {
  readonly namespace: string;
  /** Namespaces of people's programs. @default - none */
  readonly quarters?: readonly QuarterName[];
}

/** Roles at the ends of edges, by the names of their policies. */
function rolesOf(edges: readonly Edge[]): Map<string, Role> {
  const ends = edges.flatMap(({ from, to }) => [from, to]);
  return new Map(ends.flatMap((end) => (end.kind === "pods" ? [[policyName(end), end]] : [])));
}

/** Policies by name: one for each role at the end of an edge, with what it may connect to and who may connect to it. */
export function rolePolicies(edges: readonly Edge[], context: PolicyContext): Record<string, PolicySpec> {
  const merged = mergedEdges(edges);
  const policies = [...rolesOf(merged)].map(([name, role]): [string, PolicySpec] => {
    const isRole = (end: End): boolean => end.kind === "pods" && policyName(end) === name;
    const ingress = merged
      .filter(({ to }) => isRole(to))
      .map(({ from, ports, udp }) => ({ from: sources(from, role, context), ports: opened(ports, udp) }));
    const egress = merged
      .filter(({ from }) => isRole(from))
      .flatMap(({ to, ports, udp }) => egressTo(to, opened(ports, udp), role, context));
    return [
      name,
      {
        podSelector: { matchLabels: rolePods(role) },
        policyTypes: ["Ingress", "Egress"],
        ...(ingress.length > 0 && { ingress }),
        egress: [names(context), ...egress],
      },
    ];
  });
  return Object.fromEntries(policies.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** What holds for all pods: they may ask for names, and nothing else. @param labels Those that are meant. @default - all of the namespace */
export function denyPolicy(facts: NetworkFacts, labels?: Readonly<Record<string, string>>): PolicySpec {
  return {
    podSelector: labels === undefined ? {} : { matchLabels: labels },
    policyTypes: ["Ingress", "Egress"],
    egress: [names(facts)],
  };
}

/** Name of a role's policy. */
export function policyName({ service, component, also = {} }: Role): string {
  const parts = [service, component, ...Object.values(also)];
  return parts.map((part) => part.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-")).join("-");
}

function opened(ports: readonly number[], udp = false): Port[] {
  const protocols = udp ? (["TCP", "UDP"] as const) : (["TCP"] as const);
  return protocols.flatMap((protocol) => ports.map((port) => ({ protocol, port })));
}

/** Labels of a role's pods. */
export function rolePods({ service, component, also }: Role): Readonly<Record<string, string>> {
  return { ...selector(service, component), ...also };
}

/** Asking for names. */
function names({ nameServer, podNetworks }: NetworkFacts): PolicySpec["egress"][number] {
  const to: Peer[] =
    nameServer === "node"
      ? [anywhereBut(podNetworks)]
      : [
          { namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: "kube-system" } } },
          { ipBlock: { cidr: NODE_LOCAL_DNS } },
        ];
  return {
    to,
    ports: [
      { protocol: "UDP", port: 53 },
      { protocol: "TCP", port: 53 },
    ],
  };
}

function anywhereBut(networks: readonly string[]): Peer {
  return { ipBlock: { cidr: ANYWHERE, ...(networks.length > 0 && { except: networks }) } };
}

/** Pods of a role, as a policy of another role names them. */
function peer(pods: Role, own: Role, { namespace }: PolicyContext): Peer {
  const where = pods.in === undefined ? namespace : quarterNamespace(namespace, pods.in);
  return {
    ...(pods.in !== own.in && { namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: where } } }),
    podSelector: { matchLabels: rolePods(pods) },
  };
}

/** Who may connect. Kubernetes lets a pod's own node through in any case. */
function sources(from: End, own: Role, context: PolicyContext): Peer[] {
  switch (from.kind) {
    case "pods":
      return [peer(from, own, context)];
    case "published": {
      // The controller is a pod of another namespace, or on the nodes' own network.
      const notOurs = { key: NAMESPACE_LABEL, operator: "NotIn" as const, values: namespacesOf(context) };
      const controller = { namespaceSelector: { matchExpressions: [notOurs] } };
      return [anywhereBut(context.podNetworks), ...(context.hasIngress ? [controller] : [])];
    }
    case "apiServer":
    case "nodes":
    case "world":
    case "outside":
      return [anywhereBut(context.podNetworks)];
  }
}

function egressTo(to: End, ports: readonly Port[], own: Role, context: PolicyContext): PolicySpec["egress"] {
  switch (to.kind) {
    case "pods":
      return [{ to: [peer(to, own, context)], ports }];
    case "apiServer":
      return [{ to: [anywhereBut(context.podNetworks)], ports: opened(context.apiServerPorts) }];
    case "nodes":
      return [{ to: [anywhereBut(context.podNetworks)], ports }];
    case "world":
      return context.world.length === 0
        ? []
        : [{ to: context.world.map((cidr) => worldAt(cidr, context.podNetworks)) }];
    case "published":
      throw new Error("a published address is where connections come from");
    case "outside":
      return egressOutside(to.hosts, ports);
  }
}

function namespacesOf({ namespace, quarters = [] }: PolicyContext): string[] {
  return [namespace, ...quarters.map((quarter) => quarterNamespace(namespace, quarter))];
}

/** A network outside, without the pods in it and, where it is the internet, without what no router of it forwards. */
function worldAt(cidr: string, podNetworks: readonly string[]): Peer {
  const pods = podNetworks.filter((network) => within(network, cidr));
  const others = pods.filter((network) => !PRIVATE.some((one) => within(network, one)));
  const except = cidr === ANYWHERE ? [...PRIVATE, ...others] : pods;
  return { ipBlock: { cidr, ...(except.length > 0 && { except }) } };
}

function egressOutside(hosts: readonly string[], ports: readonly Port[]): PolicySpec["egress"] {
  const reaches = hosts.map(reachOf);
  const namespaces = new Set(reaches.flatMap((reach) => (reach.kind === "namespace" ? [reach.namespace] : [])));
  const addresses = new Set(reaches.flatMap((reach) => (reach.kind === "address" ? [reach.address] : [])));
  const blocks: Peer[] = reaches.some(({ kind }) => kind === "anywhere")
    ? [{ ipBlock: { cidr: ANYWHERE, except: [LINK_LOCAL] } }]
    : [...addresses].map((address) => ({ ipBlock: { cidr: `${address}/32` } }));
  const selected = [...namespaces].map((namespace) => ({
    namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: namespace } },
  }));
  return [...(selected.length > 0 ? [{ to: selected }] : []), ...(blocks.length > 0 ? [{ to: blocks, ports }] : [])];
}

export interface NetworkPoliciesArgs {
  /** Namespace of the platform's own pods. */
  readonly namespace: pulumi.Input<string>;
  /** Those of people's programs. @default - none */
  readonly quarters?: readonly Quarter[];
  /** Whether pods of others may be in the namespace, which the policies then leave alone. @default false */
  readonly shared?: boolean;
  readonly network: NetworkFacts;
  readonly edges: readonly Edge[];
}

/**
 * A policy for each role, and one that denies all else. That one comes last and goes first, so that nothing is closed at any
 * time that an edge opens.
 */
export class NetworkPolicies extends Component {
  /** Made when all policies are there. Until a cluster's network has read them it lets through what it let through before. */
  readonly ready: Ready;

  constructor(name: string, args: NetworkPoliciesArgs, opts?: ComponentOptions) {
    super("NetworkPolicies", name, { shared: args.shared ?? false }, opts);
    const { network, edges, quarters = [], shared = false } = args;
    const facts = { ...network, quarters: quarters.map((quarter) => quarter.in) };
    const roles = rolesOf(edges);
    const names = Object.keys(rolePolicies(edges, { ...facts, namespace: "" }));
    const specs = pulumi.output(args.namespace).apply((namespace) => rolePolicies(edges, { ...facts, namespace }));
    const namespaceOf = (role: Role | undefined): pulumi.Input<string> =>
      quarters.find((quarter) => quarter.in === role?.in)?.namespace ?? args.namespace;
    const policy = (
      policyName: string,
      namespace: pulumi.Input<string>,
      spec: unknown,
      policyOpts: pulumi.CustomResourceOptions,
      resource = policyName,
    ): pulumi.Resource =>
      new k8s.networking.v1.NetworkPolicy(
        resource,
        {
          metadata: { name: policyName, namespace, labels: labels(name, "policy") },
          spec: spec as pulumi.Input<k8s.types.input.networking.v1.NetworkPolicySpec>,
        },
        { parent: this, ...policyOpts },
      );
    const ofRoles = names.map((role) =>
      policy(
        role,
        namespaceOf(roles.get(role)),
        specs.apply((all): unknown => all[role]),
        {},
      ),
    );
    const denied = denyPolicy(network, shared ? { [PART_OF_LABEL]: "millrace" } : undefined);
    const last = { dependsOn: ofRoles };
    this.ready = [
      ...ofRoles,
      policy(DENY, args.namespace, denied, last),
      ...quarters.map((quarter) => policy(DENY, quarter.namespace, denyPolicy(network), last, nameIn(quarter, DENY))),
    ];
    this.registerOutputs({ roles: names });
  }
}
