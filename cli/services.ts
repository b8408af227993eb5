/** What runs, service by service, from the API server's own objects: pure functions over pods and their owners. */
import { type ContainerFault, type FaultyPod, type PodFault, podFaults } from "../engine/providers/pod-faults.ts";
import type { KubernetesEvent } from "../engine/providers/kubernetes-events.ts";
import { refusedPods } from "../engine/providers/refused-pods.ts";
import { rooms } from "../config/rooms.ts";
import { COMPONENT_LABEL, NAME_LABEL } from "../platform/names.ts";
import { quantityOf } from "../platform/quantity.ts";

export type { ContainerStatus } from "../engine/providers/pod-faults.ts";

interface Resources {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

export interface Pod extends FaultyPod {
  readonly metadata: {
    readonly name: string;
    /** @default - the platform's own */
    readonly namespace?: string;
    readonly uid?: string;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly kind: string }[];
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly name: string; readonly resources?: Resources }[];
    readonly initContainers?: readonly { readonly name: string }[];
    readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName?: string } }[];
  };
}

/** A Deployment or StatefulSet. */
export interface Owner {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly replicas?: number;
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  };
}

/** The kubelet's `/stats/summary`, as far as it is read here. */
export interface NodeStats {
  readonly pods?: readonly {
    readonly podRef: { readonly name: string; readonly namespace: string };
    readonly memory?: { readonly workingSetBytes?: number };
  }[];
}

export interface ServiceStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly pods: number;
  readonly wanted: number;
  readonly restarts: number;
  /** Bytes used now; `null` when the kubelet does not say. */
  readonly memory: number | null;
  readonly memoryRequest: number;
  readonly memoryLimit: number;
  /** Why it is not ready; `null` when it is. */
  readonly reason: string | null;
  /** Pod to ask for more, when one is not ready. */
  readonly pod: string | null;
}

/** Labels that tell whose a pod is; those that services give to pods of their own making come last. */
const names = [NAME_LABEL, ...rooms.flatMap(({ podLabel }) => podLabel ?? [])];

export function serviceName(labels: Readonly<Record<string, string>> | undefined, fallback: string): string {
  return names.map((label) => labels?.[label]).find((name) => name !== undefined) ?? fallback;
}

/** Pods that end by themselves (Jobs), and those that have ended (a driver's former executors), are no services. */
const isNoService = (pod: Pod): boolean =>
  pod.status?.phase === "Succeeded" ||
  (pod.status?.phase === "Failed" && pod.status.reason !== "Evicted") ||
  (pod.metadata.ownerReferences?.some((owner) => owner.kind === "Job") ?? false);

const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") ?? false;

/** Services with their pods, sorted by name. @param namespace The platform's own. */
export function serviceStatuses(
  namespace: string,
  pods: readonly Pod[],
  owners: readonly Owner[],
  stats: readonly NodeStats[],
  events: readonly KubernetesEvent[] = [],
): ServiceStatus[] {
  const bytes = new Map<string, number>();
  for (const { podRef, memory } of stats.flatMap((node) => node.pods ?? [])) {
    if (memory?.workingSetBytes !== undefined) bytes.set(`${podRef.namespace}/${podRef.name}`, memory.workingSetBytes);
  }
  const used = ({ metadata }: Pod): number | undefined =>
    bytes.get(`${metadata.namespace ?? namespace}/${metadata.name}`);
  const groups = new Map<string, Group>();
  const group = (name: string): Group => {
    const found = groups.get(name) ?? { pods: [], wanted: 0, owners: [] };
    groups.set(name, found);
    return found;
  };
  const rowOf = rowNames(owners);
  for (const owner of owners) {
    const entry = group(rowOf.owner(owner));
    entry.wanted += owner.spec.replicas ?? 1;
    entry.owners.push(owner.metadata.name);
  }
  for (const pod of pods) {
    if (!isNoService(pod)) group(rowOf.pod(pod)).pods.push(pod);
  }
  return [...groups]
    .map(([name, entry]) => oneService(name, entry, used, events))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Pods of one row, ended ones left out. */
export function podsOfService(name: string, pods: readonly Pod[], owners: readonly Owner[]): Pod[] {
  const rowOf = rowNames(owners);
  return pods.filter((pod) => !isNoService(pod) && rowOf.pod(pod) === name);
}

/**
 * A service of one workload is one row, whatever other pods it has (Spark's executors). A service of several workloads
 * (Airflow) has a row for each by the workload's own name, and one for the pods of each other kind (tasks, users' servers).
 */
function rowNames(owners: readonly Owner[]): { owner(owner: Owner): string; pod(pod: Pod): string } {
  const nameOf = (owner: Owner): string => serviceName(owner.metadata.labels, owner.metadata.name);
  const several = (service: string): boolean => owners.filter((owner) => nameOf(owner) === service).length > 1;
  return {
    owner: (owner) => (several(nameOf(owner)) ? owner.metadata.name : nameOf(owner)),
    pod(pod) {
      const service = serviceName(pod.metadata.labels, pod.metadata.name);
      if (!several(service)) return service;
      const owner = owners.find((candidate) => nameOf(candidate) === service && selects(candidate, pod));
      return owner?.metadata.name ?? `${service}-${pod.metadata.labels?.[COMPONENT_LABEL] ?? "other"}`;
    },
  };
}

function selects(owner: Owner, pod: Pod): boolean {
  const wanted = Object.entries(owner.spec.selector?.matchLabels ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => pod.metadata.labels?.[key] === value);
}

/** What a row is made of. */
interface Group {
  readonly pods: Pod[];
  wanted: number;
  /** Names of the Deployments and StatefulSets. */
  readonly owners: string[];
}

function oneService(
  name: string,
  { pods, owners, ...group }: Group,
  used: (pod: Pod) => number | undefined,
  events: readonly KubernetesEvent[],
): ServiceStatus {
  const declared = owners.length === 0 ? undefined : group.wanted;
  const wanted = declared ?? pods.length;
  // Pods that nobody declared (executors, tasks, users' servers) come and go: only what keeps one from coming is a fault.
  const sick = pods.find((pod) => !isReady(pod) && (declared !== undefined || !isPassing(pod)));
  const ready = sick === undefined && wanted > 0 && pods.length >= wanted;
  const refused =
    pods.length < wanted
      ? owners.map((owner) => refusedPods(owner, events)).find((reason) => reason !== undefined)
      : undefined;
  const memories = pods.map(used);
  const known = memories.filter((value) => value !== undefined);
  return {
    name,
    ready,
    pods: pods.length,
    wanted,
    restarts: sum(pods.flatMap((pod) => (pod.status?.containerStatuses ?? []).map((status) => status.restartCount))),
    memory: known.length === 0 ? null : sum(known),
    memoryRequest: sum(pods.map((pod) => memoryOf(pod, "requests"))),
    memoryLimit: sum(pods.map((pod) => memoryOf(pod, "limits"))),
    reason: ready ? null : (refused ?? reasonOf(sick, pods.length, wanted)),
    pod: sick?.metadata.name ?? null,
  };
}

function reasonOf(sick: Pod | undefined, pods: number, wanted: number): string {
  if (sick !== undefined) return podTrouble(sick);
  if (wanted === 0) return "scaled to zero";
  return `${pods} of ${wanted} pods exist`;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function memoryOf(pod: Pod, kind: "requests" | "limits"): number {
  return sum(pod.spec.containers.map((container) => quantityOf(container.resources?.[kind]?.["memory"]) ?? 0));
}

/** Whether a pod is on its way up or down, with nothing wrong. */
function isPassing(pod: Pod): boolean {
  const [fault] = podFaults(pod);
  if (fault !== undefined) return fault.kind === "removed";
  return pod.status?.phase === "Pending" || pod.status?.phase === "Running";
}

/** Why a pod is not ready, in plain words. */
export function podTrouble(pod: Pod): string {
  const [fault] = podFaults(pod);
  if (fault !== undefined) return faultWords(fault);
  if (pod.status?.phase === "Pending") return "starting";
  return pod.status?.phase === "Running" ? "running, not ready yet" : (pod.status?.phase ?? "unknown").toLowerCase();
}

function faultWords(fault: PodFault): string {
  switch (fault.kind) {
    case "removed":
      return "being removed";
    case "evicted":
      return `evicted: ${fault.message ?? "the node ran out of resources"}`;
    case "unscheduled":
      return unschedulable(fault.message ?? "");
    case "image":
      return `image: ${fault.status.image ?? fault.status.name} can't be pulled (${fault.message ?? fault.reason})`;
    case "start":
      return `${fault.reason}: ${fault.message ?? fault.status.name}`;
    case "crash":
      return crash(fault);
  }
}

function unschedulable(message: string): string {
  const cause = /Insufficient memory/i.test(message)
    ? "memory: no node has enough free"
    : /Insufficient cpu/i.test(message)
      ? "cpu: no node has enough free"
      : /persistentvolumeclaim|volume/i.test(message)
        ? "volume: its claim is not bound"
        : "no node accepts it";
  return `${cause} (${message})`;
}

function crash({ status, ended, outOfMemory }: Extract<ContainerFault, { kind: "crash" }>): string {
  if (outOfMemory) return `memory: ${status.name} used more than its limit and was killed`;
  return `crash: ${status.name} ended with code ${ended?.exitCode ?? "unknown"} (${status.restartCount} restarts)`;
}
