/** What the running platform says about itself, gathered from the API server in one go. */
import { type Claim, CLAIM_WARNINGS, claimFault, claimsOf } from "../engine/providers/claim-faults.ts";
import type { KubernetesEvent } from "../engine/providers/kubernetes-events.ts";
import { REFUSALS } from "../engine/providers/refused-pods.ts";
import { messageOf } from "./errors.ts";
import type { Kube } from "./kube.ts";
import { type NodeStats, type Owner, type Pod, type ServiceStatus, serviceStatuses } from "./services.ts";

export interface NodeInfo {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly allocatable?: Readonly<Record<string, string>>;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

interface List<T> {
  readonly items: readonly T[];
}

export interface PlatformState {
  readonly nodes: readonly NodeInfo[];
  readonly services: readonly ServiceStatus[];
  /** Bytes of all pods of all namespaces; `null` when no kubelet answered. */
  readonly podMemory: number | null;
}

export async function readNodes(kube: Kube): Promise<readonly NodeInfo[]> {
  return (await kube.get<List<NodeInfo>>("/api/v1/nodes")).items;
}

/** Pods of the platform, and the Deployments and StatefulSets that make most of them. @param namespaces The platform's own is the first. */
export async function readPods(
  kube: Kube,
  [namespace = "", ...ofPeople]: readonly string[],
): Promise<{ readonly pods: readonly Pod[]; readonly owners: readonly Owner[] }> {
  const podsIn = async (where: string) => (await kube.get<List<Pod>>(`/api/v1/namespaces/${where}/pods`)).items;
  const [pods, more, deployments, statefulSets] = await Promise.all([
    podsIn(namespace),
    Promise.all(ofPeople.map(podsIn)),
    kube.get<List<Owner>>(`/apis/apps/v1/namespaces/${namespace}/deployments`),
    kube.get<List<Owner>>(`/apis/apps/v1/namespaces/${namespace}/statefulsets`),
  ]);
  return { pods: [...pods, ...more.flat()], owners: [...deployments.items, ...statefulSets.items] };
}

/** Events that tell of refused pods; none where the account may not read events, for they only explain. */
export async function readRefusals(kube: Pick<Kube, "get">, namespace: string): Promise<readonly KubernetesEvent[]> {
  const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=${encodeURIComponent(REFUSALS)}`;
  const found = await kube.get<List<KubernetesEvent>>(path).catch((): List<KubernetesEvent> => ({ items: [] }));
  return found.items;
}

/** Says what the provisioner says of a claim that the sick pod of a service waits for. */
export async function withClaimFault(
  kube: Pick<Kube, "get">,
  namespace: string,
  service: ServiceStatus,
  pods: readonly Pod[],
): Promise<ServiceStatus> {
  const sick = pods.find(({ metadata }) => metadata.name === service.pod);
  if (sick?.status?.phase !== "Pending" || claimsOf(sick).length === 0) return service;
  const path = `/api/v1/namespaces/${namespace}`;
  const none = { items: [] };
  const [claims, events] = await Promise.all([
    kube.get<List<Claim>>(`${path}/persistentvolumeclaims`).catch((): List<Claim> => none),
    kube
      .get<List<KubernetesEvent>>(`${path}/events?fieldSelector=${encodeURIComponent(CLAIM_WARNINGS)}`)
      .catch((): List<KubernetesEvent> => none),
  ]);
  const found = claimFault(sick, claims.items, events.items);
  if (found === undefined) return service;
  return { ...service, reason: `volume: its claim ${found.claim} is not bound (${found.message})` };
}

/** Reads services, their memory and the nodes; reasons of crashes carry the last log lines. @param namespaces The platform's own is the first. */
export async function readPlatform(kube: Kube, namespaces: readonly string[]): Promise<PlatformState> {
  const [namespace = ""] = namespaces;
  const [nodes, { pods, owners }, events] = await Promise.all([
    readNodes(kube),
    readPods(kube, namespaces),
    readRefusals(kube, namespace),
  ]);
  const stats = await Promise.all(
    nodes.map((node) =>
      kube.get<NodeStats>(`/api/v1/nodes/${node.metadata.name}/proxy/stats/summary`).catch((): NodeStats => ({})),
    ),
  );
  const services = serviceStatuses(namespace, pods, owners, stats, events);
  const all = stats.flatMap((node) => node.pods ?? []).map((pod) => pod.memory?.workingSetBytes ?? 0);
  return {
    nodes,
    services: await Promise.all(
      services.map(async (service) => {
        const sick = pods.find(({ metadata }) => metadata.name === service.pod);
        const where = sick?.metadata.namespace ?? namespace;
        return withLastWords(kube, where, await withClaimFault(kube, where, service, pods));
      }),
    ),
    podMemory: all.length === 0 ? null : all.reduce((total, value) => total + value, 0),
  };
}

const LAST_LINES = 5;

/** Adds the last log lines to a crash. */
async function withLastWords(kube: Kube, namespace: string, service: ServiceStatus): Promise<ServiceStatus> {
  if (service.pod === null || service.reason?.startsWith("crash:") !== true) return service;
  const path = `/api/v1/namespaces/${namespace}/pods/${service.pod}/log?tailLines=${LAST_LINES}`;
  const words = await kube
    .text(`${path}&previous=true`)
    .catch(() => kube.text(path))
    .catch((error: unknown) => `(no log: ${messageOf(error)})`);
  return { ...service, reason: `${service.reason}; last lines:\n${words.trimEnd()}` };
}
