/** The targets as rows of values, and what a target needs before the platform can run on it. */
import type { PlatformConfig } from "../config/schema.ts";
import type { Exposure } from "../platform/exposure.ts";
import type { Registry } from "../images/platform-images.ts";
import { DEFAULT_NAME } from "./embedded/container-spec.ts";
import type { Target, TargetProfile } from "./profile.ts";

type ClusterConfig = PlatformConfig["cluster"];

/** What a target is when the stack says nothing else. */
interface TargetDefaults {
  readonly context?: string;
  readonly storageClass: string;
  readonly registry?: string;
  readonly exposure: Exposure["kind"];
  readonly host: string;
  readonly enforcesNetworkPolicy: boolean | "unknown";
}

/** Folder of an embedded cluster's run-time files, relative to the project's; each cluster of a clone has its own. */
export function embeddedFolder(name: string): string {
  return name === DEFAULT_NAME ? ".millrace" : `.millrace/clusters/${name}`;
}

const defaults: Readonly<Record<Target, TargetDefaults>> = {
  embedded: {
    storageClass: "default",
    exposure: "nodePort",
    host: "127.0.0.1",
    // Its network is a plain bridge: policies are accepted and have no effect.
    enforcesNetworkPolicy: false,
  },
  minikube: {
    context: "minikube",
    storageClass: "standard",
    registry: "localhost:5000",
    exposure: "nodePort",
    // What `minikube ip` prints with the Docker driver.
    host: "192.168.49.2",
    enforcesNetworkPolicy: false,
  },
  microk8s: {
    context: "microk8s",
    storageClass: "microk8s-hostpath",
    registry: "localhost:32000",
    exposure: "nodePort",
    host: "127.0.0.1",
    // Its network is Calico.
    enforcesNetworkPolicy: true,
  },
  cloud: { storageClass: "default", exposure: "none", host: "", enforcesNetworkPolicy: "unknown" },
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
  const kind = cluster.exposure ?? row.exposure;
  return kind === "nodePort" ? { kind, host: cluster.host ?? row.host, ports: cluster.nodePorts } : { kind };
}

/** Something that the target's owner has to do once, and the command for it. */
export interface DoctorHint {
  /** What is needed, in words. */
  readonly need: string;
  /** Command that provides it. */
  readonly command: string;
  /** Command whose exit code says whether it is there. */
  readonly probe: string;
}

/** What a target needs that is not there by default. */
export function doctorHints(target: Target): readonly DoctorHint[] {
  return hints[target];
}

const hints: Readonly<Record<Target, readonly DoctorHint[]>> = {
  embedded: [
    { need: "a Docker engine", command: "apt-get install --no-install-recommends docker.io", probe: "docker info" },
  ],
  minikube: [
    { need: "a running minikube", command: "minikube start --cpus 2 --memory 8g", probe: "minikube status" },
    {
      need: "the registry add-on, for the platform's images",
      command: "minikube addons enable registry",
      probe: "kubectl --context minikube -n kube-system get service registry",
    },
    {
      need: "the registry on localhost:5000 of this machine",
      command: "kubectl --context minikube -n kube-system port-forward service/registry 5000:80",
      probe: "curl -fsS http://localhost:5000/v2/",
    },
    {
      need: "the storage class standard",
      command: "minikube addons enable default-storageclass && minikube addons enable storage-provisioner",
      probe: "kubectl --context minikube get storageclass standard",
    },
    { need: "the address of the node in cluster.host", command: "minikube ip", probe: "minikube ip" },
  ],
  microk8s: [
    { need: "a running MicroK8s", command: "microk8s start", probe: "microk8s status --wait-ready --timeout 5" },
    {
      need: "names, storage and a registry",
      command: "microk8s enable dns hostpath-storage registry",
      probe: "kubectl --context microk8s get storageclass microk8s-hostpath",
    },
    {
      need: "the context microk8s in the kubeconfig",
      command: "microk8s config > .millrace/microk8s.kubeconfig, and cluster.kubeconfig set to that path",
      probe: "kubectl config get-contexts microk8s",
    },
  ],
  cloud: [
    {
      need: "a cluster that answers under the stack's context",
      command: "kubectl config get-contexts",
      probe: "kubectl cluster-info",
    },
  ],
};
