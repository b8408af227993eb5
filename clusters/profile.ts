/**
 * What a kind of cluster means for the components, as plain values. Components read these values and never ask which
 * target they run on.
 */

/** The kinds of cluster that a stack can name in `cluster.target`. */
export const targets = ["embedded", "minikube", "microk8s", "cloud"] as const;
export type Target = (typeof targets)[number];

/** How a Service reaches people outside the cluster. */
export type Exposure =
  /** Fixed node ports, reachable as `host:port` from the user's machine. */
  | { readonly kind: "nodePort"; readonly host: string; readonly ports: NodePorts }
  /** A cloud load balancer per published Service. */
  | { readonly kind: "loadBalancer" }
  /** Reachable from inside the cluster only. */
  | { readonly kind: "none" };

/** Node ports (30000-32767) of the published Services. */
export interface NodePorts {
  readonly kafka: number;
  readonly objectStore: number;
  readonly objectStoreConsole: number;
  readonly presto: number;
  readonly sparkUi: number;
  readonly sparkHistory: number;
  readonly airflow: number;
  readonly jupyterhub: number;
  readonly display: number;
}

/** Names under which one registry is reached. */
export interface Registry {
  /** As seen from the machine that builds and pushes, for example `localhost:5000`. */
  readonly push: string;
  /** As seen from the nodes that pull. */
  readonly pull: string;
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
}
