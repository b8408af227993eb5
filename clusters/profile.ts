/**
 * What a kind of cluster means for the components, as plain values. Components read these values and never ask which
 * target they run on.
 */
import type { Exposure } from "../platform/exposure.ts";
import type { Registry } from "../images/platform-images.ts";
import type { NetworkFacts } from "../platform/network-policies.ts";
import type { SizeRow } from "../platform/resources.ts";

/** The kinds of cluster that a stack can name in `cluster.target`. */
export const targets = ["embedded", "minikube", "microk8s", "cloud"] as const;
export type Target = (typeof targets)[number];

/** Row of sizes that services take on a target where the stack names none. */
export const sizesOf: Readonly<Record<Target, SizeRow>> = {
  embedded: "small",
  minikube: "small",
  microk8s: "small",
  cloud: "large",
};

/** How services are published on a target where the stack says nothing. */
export const exposureOf: Readonly<Record<Target, "nodePort" | "none">> = {
  embedded: "nodePort",
  minikube: "nodePort",
  microk8s: "nodePort",
  cloud: "none",
};

/** Whether only this machine reaches what a target publishes. The others' node ports are on addresses of the network. */
export function isOnLoopback(target: Target): boolean {
  return target === "embedded";
}

/** A target as values. */
export interface TargetProfile {
  readonly target: Target;
  /** Path of the kubeconfig. @default - `$KUBECONFIG`, else `~/.kube/config` */
  readonly kubeconfig?: string;
  /** Context in the kubeconfig. */
  readonly context: string;
  /** StorageClass of claims; `"default"`: the cluster's default class; `"none"`: no provisioner, so emptyDir. */
  readonly storageClass: string;
  /** Where the platform's images go. `undefined`: nothing is built and each service needs `image` in the stack. */
  readonly registry?: Registry;
  readonly exposure: Exposure;
  /** CPU architecture of the nodes, as Docker platforms name it. */
  readonly platform: "linux/amd64";
  /** Whether the network plugin is known to enforce NetworkPolicies. */
  readonly enforcesNetworkPolicy: boolean | "unknown";
  /** What policies have to know of its network. */
  readonly network: Omit<NetworkFacts, "hasIngress" | "world">;
}
