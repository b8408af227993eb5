/**
 * Clusters of other kinds as the end-to-end test has them: the embedded node under the names and limits of minikube,
 * MicroK8s or a cloud, and the values of a stack that is on it. Nothing but these values tells the platform where it is.
 */
import type { Pose } from "../../../clusters/embedded/pose.ts";
import type { NodePorts } from "../../../platform/exposure.ts";

/** What a run has on this machine. */
export interface Ground {
  /** The cluster's own kubeconfig. */
  readonly kubeconfig: string;
  /** Address of the node on its Docker network. */
  readonly address: string;
  /** Port of its registry on 127.0.0.1. */
  readonly registryPort: number;
  /** Free ports of 127.0.0.1, which lead to the node's of the same number where the look-alike publishes them. */
  readonly nodePorts: NodePorts;
}

/** `config` of a stack's file. */
export type Values = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface LookAlike {
  readonly pose: (registryPort: number) => Pose;
  /** Port of 127.0.0.1 that its documentation gives its registry; another one where it is taken. @default - any */
  readonly registryPort?: number;
  /** Path below its registry. @default - none */
  readonly registryPath?: string;
  /** Whether 127.0.0.1 has its node ports, because the node is this machine. */
  readonly isThisMachine: boolean;
  /** Domain of its pages, and the class of the ingress controller that leads there. @default - it has none */
  readonly ingress?: { readonly host: string; readonly className: string };
  readonly values: (ground: Ground) => Values;
  /** What a refusal of a missing StorageClass, and of a registry that isn't reached, names as the way out. */
  readonly ways: { readonly storageClass: string; readonly registry: string };
}

/** Its node is a container or a machine with an address of its own; the registry add-on is forwarded to this machine. */
const minikube: LookAlike = {
  pose: () => ({
    context: "minikube",
    node: "minikube",
    storageClass: {
      name: "standard",
      provisioner: "k8s.io/minikube-hostpath",
      isDefault: true,
      binding: "Immediate",
      grows: false,
    },
    registry: { port: 5000 },
    hasNodePorts: true,
  }),
  isThisMachine: false,
  values: ({ kubeconfig, address, registryPort }) => ({
    "millrace:cluster": {
      target: "minikube",
      kubeconfig,
      host: address,
      registry: { push: `localhost:${registryPort}`, pull: "localhost:5000" },
    },
  }),
  ways: { storageClass: "minikube addons enable default-storageclass", registry: "minikube addons enable registry" },
};

/** Its node is this machine, and so are its node ports. */
const microk8s: LookAlike = {
  pose: () => ({
    context: "microk8s",
    node: "microk8s-vm",
    storageClass: {
      name: "microk8s-hostpath",
      provisioner: "microk8s.io/hostpath",
      isDefault: true,
      binding: "WaitForFirstConsumer",
      grows: false,
    },
    registry: { port: 32000 },
    hasNodePorts: true,
  }),
  registryPort: 32000,
  isThisMachine: true,
  values: ({ kubeconfig, registryPort, nodePorts }) => ({
    "millrace:cluster": {
      target: "microk8s",
      kubeconfig,
      registry: { push: `localhost:${registryPort}`, pull: "localhost:32000" },
      nodePorts,
    },
  }),
  ways: { storageClass: "microk8s enable hostpath-storage", registry: "microk8s enable registry" },
};

const CLOUD_CONTEXT = "arn:aws:eks:eu-central-1:000000000000:cluster/cloud-like";
const CLOUD_INGRESS = { host: "cloud-like.test", className: "edge" };
const CLOUD_PATH = "acme";

/** No node port leads in, no class is the default, no load balancer gets an address, and the registry knows its people. */
const cloud: LookAlike = {
  pose: (registryPort) => ({
    context: CLOUD_CONTEXT,
    node: "ip-10-0-0-1",
    storageClass: {
      name: "gp3",
      provisioner: "ebs.csi.aws.com",
      isDefault: false,
      binding: "WaitForFirstConsumer",
      grows: true,
    },
    // A registry outside has one name for everybody.
    registry: { port: registryPort, login: { username: "platform", password: crypto.randomUUID() } },
    hasNodePorts: false,
  }),
  registryPath: CLOUD_PATH,
  isThisMachine: false,
  ingress: CLOUD_INGRESS,
  values: ({ kubeconfig, registryPort }) => ({
    "millrace:cluster": {
      target: "cloud",
      context: CLOUD_CONTEXT,
      kubeconfig,
      storageClass: "gp3",
      sizes: "small",
      registry: { push: `localhost:${registryPort}/${CLOUD_PATH}` },
      exposure: "ingress",
      ingress: CLOUD_INGRESS,
      publishWithoutLogin: ["sparkUi"],
    },
    "millrace:images": { pullLogin: true },
  }),
  ways: { storageClass: "cluster.storageClass", registry: "cluster.registry" },
};

/** By the names that `--target` takes, in the order of their turns. */
export const lookAlikes: Readonly<Record<string, LookAlike>> = {
  "minikube-like": minikube,
  "microk8s-like": microk8s,
  "cloud-like": cloud,
};
