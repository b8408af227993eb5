/** The targets as rows of values, and what a target needs before the platform can run on it. */
import { guardedPages } from "../config/logins.ts";
import type { PlatformConfig } from "../config/schema.ts";
import type { Exposure, IngressSettings } from "../platform/exposure.ts";
import type { Registry } from "../images/platform-images.ts";
import { DEFAULT_NAME, publishedPorts } from "./embedded/container-spec.ts";
import { clusterNetworks } from "./embedded/networks.ts";
import { exposureOf, type Target, type TargetProfile } from "./profile.ts";

type ClusterConfig = PlatformConfig["cluster"];

/** What a target is when the stack says nothing else. */
interface TargetDefaults {
  readonly context?: string;
  readonly storageClass: string;
  readonly registry?: string;
  readonly host: string;
  readonly enforcesNetworkPolicy: boolean | "unknown";
  readonly network: TargetProfile["network"];
}

/** Folder of an embedded cluster's run-time files, relative to the project's; each cluster of a clone has its own. */
export function embeddedFolder(name: string): string {
  return name === DEFAULT_NAME ? ".millrace" : `.millrace/clusters/${name}`;
}

const defaults: Readonly<Record<Target, TargetDefaults>> = {
  embedded: {
    storageClass: "default",
    host: "127.0.0.1",
    // A program of the node does it, where the machine's kernel has what it needs.
    enforcesNetworkPolicy: true,
    // As the supervisor of the node has them; its name server runs on the node's network.
    network: { podNetworks: [clusterNetworks.pods], apiServerPorts: [6443], nameServer: "node" },
  },
  minikube: {
    context: "minikube",
    storageClass: "standard",
    registry: "localhost:5000",
    // What `minikube ip` prints with the Docker driver.
    host: "192.168.49.2",
    enforcesNetworkPolicy: false,
    network: { podNetworks: ["10.244.0.0/16"], apiServerPorts: [8443], nameServer: "pod" },
  },
  microk8s: {
    context: "microk8s",
    storageClass: "microk8s-hostpath",
    registry: "localhost:32000",
    host: "127.0.0.1",
    // Its network is Calico.
    enforcesNetworkPolicy: true,
    network: { podNetworks: ["10.1.0.0/16"], apiServerPorts: [16443], nameServer: "pod" },
  },
  cloud: {
    storageClass: "default",
    host: "",
    enforcesNetworkPolicy: "unknown",
    network: { podNetworks: [], apiServerPorts: [443, 6443], nameServer: "pod" },
  },
};

/** The target's values, with what the stack sets in their place. */
export function targetProfile(cluster: ClusterConfig): TargetProfile {
  const { target } = cluster;
  const row = defaults[target];
  const registry = cluster.registry ?? defaultRegistry(cluster);
  const { name } = cluster.embedded;
  const kubeconfig = target === "embedded" ? `${embeddedFolder(name)}/kubeconfig` : cluster.kubeconfig;
  return {
    target,
    context: target === "embedded" ? name : (cluster.context ?? row.context ?? ""),
    storageClass: cluster.storageClass ?? row.storageClass,
    exposure: exposure(cluster, row),
    platform: "linux/amd64",
    enforcesNetworkPolicy: row.enforcesNetworkPolicy,
    network: row.network,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(registry === undefined ? {} : { registry }),
  };
}

function defaultRegistry(cluster: ClusterConfig): Registry | undefined {
  const name =
    cluster.target === "embedded" ? `localhost:${cluster.embedded.registryPort}` : defaults[cluster.target].registry;
  // The node of the embedded cluster reaches its registry under the fixed port, wherever the host publishes it.
  const pull = cluster.target === "embedded" ? "localhost:5000" : name;
  return name === undefined || pull === undefined ? undefined : { push: name, pull };
}

function exposure(cluster: ClusterConfig, row: TargetDefaults): Exposure {
  const kind = cluster.exposure ?? exposureOf[cluster.target];
  const guarded = guardedPages(cluster);
  const rules = {
    ...(Object.keys(guarded).length > 0 && { guarded }),
    ...(cluster.keepInside && { inside: cluster.keepInside }),
    ...(cluster.publishWithoutLogin && { withoutLogin: cluster.publishWithoutLogin }),
  };
  switch (kind) {
    case "nodePort":
      return { kind, host: cluster.host ?? row.host, ports: cluster.nodePorts, ...rules };
    case "loadBalancer":
      return { kind, ports: askable, ...rules };
    case "ingress":
      return { kind, ports: askable, ...ingress(cluster.ingress), ...rules };
    case "none":
      return { kind };
  }
}

/** What may be reached from anywhere: what asks for a login, or has a page before which the proxy asks. */
const askable = Object.entries(publishedPorts).flatMap(([key, { asksForLogin, greeting }]) =>
  asksForLogin || greeting === undefined ? [key] : [],
);

/** The rules of the config have seen that there is a domain, and one way to certificates at most. */
function ingress(settings: ClusterConfig["ingress"]): IngressSettings {
  const { host = "", className, tls: { secretName, issuer } = {}, annotations } = settings ?? {};
  return {
    host,
    ...(className && { className }),
    ...(secretName ? { tls: { secretName } } : issuer && { tls: { issuer } }),
    ...(annotations && { annotations }),
  };
}

/** What mends a cluster that lacks something: commands, or a step where there is no command. */
export interface Remedies {
  /** It does not answer, or has no node. */
  readonly start: string;
  /** The kubeconfig does not know its context. */
  readonly context: string;
  /** Its own StorageClass is not there. @default - there is no command */
  readonly storageClass?: string;
  /** There is no ingress controller. @default - there is no command */
  readonly ingress?: string;
  /** The registry is not reached. */
  readonly registry: string;
  /** Names of Services are not found. */
  readonly dns: string;
}

/** Remedies in the target's own words. */
export function remedies(profile: Pick<TargetProfile, "target" | "context" | "registry">): Remedies {
  const { target, context, registry } = profile;
  const kubectl = `kubectl --context ${context}`;
  const dns = `${kubectl} -n kube-system get pods -l k8s-app=kube-dns`;
  switch (target) {
    case "embedded":
      return { start: "npm run up", context: "npm run up", registry: "npm run up", dns: "npm run up" };
    case "minikube": {
      const minikube = context === "minikube" ? "minikube" : `minikube -p ${context}`;
      const start = `${minikube} start --cpus 2 --memory 8g`;
      const port = /:(\d+)/.exec(registry?.push ?? "")?.[1] ?? "5000";
      return {
        start,
        context: start,
        storageClass: `${minikube} addons enable default-storageclass && ${minikube} addons enable storage-provisioner`,
        ingress: `${minikube} addons enable ingress`,
        registry: `${minikube} addons enable registry, and on this machine: ${kubectl} -n kube-system port-forward service/registry ${port}:80`,
        dns,
      };
    }
    case "microk8s":
      return {
        start: "microk8s start",
        context: "microk8s config > .millrace/microk8s.kubeconfig, and cluster.kubeconfig set to that path",
        storageClass: "microk8s enable hostpath-storage",
        ingress: "microk8s enable ingress",
        registry: "microk8s enable registry",
        dns: "microk8s enable dns",
      };
    case "cloud":
      return {
        start: "start the cluster, or correct cluster.context of the stack",
        context: "kubectl config get-contexts lists those that there are; correct cluster.context of the stack",
        registry: "correct cluster.registry of the stack, or let the nodes' network reach it",
        dns,
      };
  }
}
