/** Why a workload is not ready, in words, from its pods, their events and their logs. */

import { objectOf, type Props, textOf } from "../values.ts";
import { type Claim, CLAIM_WARNINGS, claimFault, claimsOf, isOutOfRoom, type PodWithClaims } from "./claim-faults.ts";
import type { KubernetesApi } from "./kubernetes-api.ts";
import { type KubernetesEvent, newestEvent } from "./kubernetes-events.ts";
import { type ContainerFault, type EndedContainer, type FaultyPod, type PodFault, podFaults } from "./pod-faults.ts";
import { newestRefusal } from "./refused-pods.ts";

/** What a look for causes needs of the API. */
export type PodView = Pick<KubernetesApi, "list" | "log">;

/** A cause, and whether waiting longer can't help. */
export interface Cause {
  readonly message: string;
  readonly permanent: boolean;
}

/** Things start in parallel and may fail once or twice until what they need is up. */
const patience = { imageMs: 60_000, scheduleMs: 60_000, configMs: 45_000, rejectedMs: 20_000, restarts: 4 } as const;
const logLines = 8;

/** The worst cause among the pods of a workload, a pod, or a claim; `undefined` when there is nothing to say. */
export async function podCause(api: PodView, owner: Props, waitedMs: number): Promise<Cause | undefined> {
  const kind = String(owner["kind"]);
  const metadata = objectOf(owner["metadata"]);
  const namespace = textOf(metadata["namespace"], "default");
  if (kind === "PersistentVolumeClaim" && objectOf(owner["status"])["phase"] === "Bound") {
    const warning = newestEvent(await warnings(api, namespace, kind, String(metadata["name"])));
    if (warning?.message === undefined) return undefined;
    return { message: warning.message, permanent: isOutOfRoom(warning, waitedMs) };
  }
  if (kind === "PersistentVolumeClaim") {
    return claimCause(api, namespace, String(metadata["name"]), waitedMs);
  }
  const pods = await podsOf(api, owner);
  if (pods === undefined) {
    return undefined;
  }
  if (pods.length < wantedPods(owner)) {
    const refused = await rejection(api, owner, namespace, waitedMs);
    if (refused !== undefined || pods.length === 0) {
      return refused;
    }
  }
  let mild: Cause | undefined;
  for (const pod of pods) {
    const cause = await causeOfPod(api, namespace, pod, waitedMs);
    if (cause?.permanent === true) {
      return cause;
    }
    mild ??= cause;
  }
  return mild;
}

/** The last log lines of a failed Job's or Pod's containers. */
export async function failureCause(api: PodView, owner: Props): Promise<string> {
  const namespace = textOf(objectOf(owner["metadata"])["namespace"], "default");
  const pods = (await podsOf(api, owner).catch(() => undefined)) ?? [];
  const newest = pods.at(-1);
  if (newest === undefined) {
    return "";
  }
  const name = String(objectOf(newest["metadata"])["name"]);
  for (const fault of podFaults(newest as unknown as FaultyPod)) {
    if (fault.kind === "crash" && fault.isOver && fault.ended !== undefined && fault.ended.exitCode !== 0) {
      const container = fault.status.name;
      const log = await api.log(namespace, name, container, false, logLines);
      return `${exitText(container, fault.ended)}${quote(log)}`;
    }
  }
  return textOf(objectOf(newest["status"])["message"]);
}

/** Pods of the owner's newest revision, oldest first. */
async function podsOf(api: PodView, owner: Props): Promise<Props[] | undefined> {
  const kind = String(owner["kind"]);
  if (kind === "Pod") {
    return [owner];
  }
  if (!["Deployment", "StatefulSet", "DaemonSet", "Job"].includes(kind)) {
    return undefined;
  }
  const labels = objectOf(objectOf(objectOf(owner["spec"])["selector"])["matchLabels"]);
  const selector = Object.entries(labels)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(",");
  const namespace = textOf(objectOf(owner["metadata"])["namespace"], "default");
  if (selector === "") {
    return undefined;
  }
  const pods = await api.list(`/api/v1/namespaces/${namespace}/pods`, { labelSelector: selector });
  const newest = kind === "Deployment" ? (await replicaSets(api, owner, namespace))[0] : undefined;
  const revision = kind === "StatefulSet" ? objectOf(owner["status"])["updateRevision"] : undefined;
  return pods
    .filter((pod) => objectOf(pod["metadata"])["deletionTimestamp"] === undefined)
    .filter((pod) => newest === undefined || String(objectOf(pod["metadata"])["name"]).startsWith(`${newest}-`))
    .filter(
      (pod) =>
        revision === undefined ||
        objectOf(objectOf(pod["metadata"])["labels"])["controller-revision-hash"] === revision,
    )
    .sort((a, b) => created(a) - created(b));
}

async function causeOfPod(api: PodView, namespace: string, pod: Props, waitedMs: number): Promise<Cause | undefined> {
  const name = String(objectOf(pod["metadata"])["name"]);
  const ageMs = Math.min(Date.now() - created(pod), waitedMs);
  for (const fault of podFaults(pod as unknown as FaultyPod)) {
    const cause = await causeOfFault(api, namespace, pod, fault, ageMs);
    if (cause !== undefined) {
      return cause;
    }
  }
  if (objectOf(pod["status"])["phase"] !== "Pending") {
    return undefined;
  }
  const isPlaced = objectOf(pod["spec"])["nodeName"] !== undefined;
  const claim = isPlaced ? undefined : await claimCauseOfPod(api, namespace, pod, ageMs);
  if (claim !== undefined) {
    return { ...claim, message: `pod ${name}: ${claim.message}` };
  }
  if (ageMs > 5_000) {
    return mountCause(api, namespace, name, ageMs);
  }
  return undefined;
}

/** What is wrong with a claim that a pod waits for. */
async function claimCauseOfPod(api: PodView, namespace: string, pod: Props, ageMs: number): Promise<Cause | undefined> {
  const view = pod as PodWithClaims;
  if (claimsOf(view).length === 0) {
    return undefined;
  }
  const path = `/api/v1/namespaces/${namespace}`;
  const [claims, events] = await Promise.all([
    api.list(`${path}/persistentvolumeclaims`),
    api.list(`${path}/events`, { fieldSelector: CLAIM_WARNINGS }),
  ]);
  const found = claimFault(view, claims as unknown as Claim[], events);
  if (found === undefined) {
    return undefined;
  }
  const message = `its claim ${found.claim} is not bound: ${found.message}`;
  return { message, permanent: isOutOfRoom(found.warning, ageMs) };
}

async function causeOfFault(
  api: PodView,
  namespace: string,
  pod: Props,
  fault: PodFault,
  ageMs: number,
): Promise<Cause | undefined> {
  const name = String(objectOf(pod["metadata"])["name"]);
  switch (fault.kind) {
    case "removed":
      return undefined;
    case "evicted":
      return { message: `pod ${name} was evicted: ${fault.message ?? "the node ran short"}`, permanent: false };
    case "unscheduled": {
      const claim = await claimCauseOfPod(api, namespace, pod, ageMs);
      const why = [fault.message ?? "", claim?.message ?? ""].filter((text) => text !== "").join("; ");
      const message = `pod ${name} can't be placed on a node: ${why}`;
      return { message, permanent: ageMs > patience.scheduleMs };
    }
    default:
      return causeOfContainer(api, namespace, name, fault, ageMs);
  }
}

async function causeOfContainer(
  api: PodView,
  namespace: string,
  pod: string,
  fault: ContainerFault,
  ageMs: number,
): Promise<Cause | undefined> {
  const { name: container, image, restartCount: restarts } = fault.status;
  const where = `container ${container} of pod ${pod}`;
  switch (fault.kind) {
    case "image": {
      const message = `${where}: the image ${String(image)} can't be pulled: ${fault.message ?? fault.reason}`;
      return { message, permanent: fault.reason === "InvalidImageName" || ageMs > patience.imageMs };
    }
    case "start": {
      const isFinal = /CreateContainerConfigError|CreateContainerError|RunContainerError/.test(fault.reason);
      const message = `${where} can't start: ${fault.message ?? fault.reason}`;
      return { message, permanent: isFinal && ageMs > patience.configMs };
    }
    case "crash": {
      // The first end of a Job's container is the Job's to judge.
      if (restarts === 0 || fault.ended === undefined) {
        return undefined;
      }
      const log = await api.log(namespace, pod, container, !fault.isOver, logLines);
      const message = `${where}: ${exitText(container, fault.ended)}, started ${restarts + 1} times${quote(log)}`;
      return { message, permanent: restarts >= patience.restarts && isRecent(fault.ended, ageMs) };
    }
  }
}

/** Whether the container ended during this wait: what an earlier run saw proves nothing. */
function isRecent(ended: EndedContainer, ageMs: number): boolean {
  return (Date.parse(ended.finishedAt ?? "") || 0) > Date.now() - ageMs;
}

/** Volumes and other things that only events tell. */
async function mountCause(api: PodView, namespace: string, pod: string, ageMs: number): Promise<Cause | undefined> {
  const events = await warnings(api, namespace, "Pod", pod);
  const event = newestEvent(
    events.filter(({ reason = "" }) => /FailedMount|FailedAttach|FailedCreatePodSandBox|FailedScheduling/.test(reason)),
  );
  if (event === undefined) {
    return undefined;
  }
  const permanent = ageMs > 90_000 && /not found|FailedAttach/.test(`${event.message ?? ""} ${event.reason ?? ""}`);
  return { message: `pod ${pod}: ${event.message ?? "no reason is given"}`, permanent };
}

function wantedPods(owner: Props): number {
  const replicas = objectOf(owner["spec"])["replicas"];
  return typeof replicas === "number" ? replicas : 1;
}

/** A pod is missing: a quota, Pod Security or another admission rule may have refused it. */
async function rejection(api: PodView, owner: Props, namespace: string, waitedMs: number): Promise<Cause | undefined> {
  const kind = String(owner["kind"]);
  const name = String(objectOf(owner["metadata"])["name"]);
  const makers = kind === "Deployment" ? await replicaSets(api, owner, namespace) : [name];
  for (const maker of makers) {
    const events = await warnings(api, namespace, kind === "Deployment" ? "ReplicaSet" : kind, maker);
    const message = newestRefusal(events);
    if (message !== undefined) {
      return { message, permanent: waitedMs > patience.rejectedMs };
    }
  }
  return undefined;
}

async function replicaSets(api: PodView, deployment: Props, namespace: string): Promise<string[]> {
  const uid = objectOf(deployment["metadata"])["uid"];
  const sets = await api.list(`/apis/apps/v1/namespaces/${namespace}/replicasets`);
  return sets
    .filter((set) => {
      const owners = objectOf(set["metadata"])["ownerReferences"];
      return Array.isArray(owners) && owners.some((entry) => objectOf(entry)["uid"] === uid);
    })
    .sort((a, b) => revisionOf(b) - revisionOf(a))
    .slice(0, 1)
    .map((set) => String(objectOf(set["metadata"])["name"]));
}

function revisionOf(set: Props): number {
  return Number(objectOf(objectOf(set["metadata"])["annotations"])["deployment.kubernetes.io/revision"] ?? 0);
}

async function claimCause(api: PodView, namespace: string, name: string, waitedMs: number): Promise<Cause | undefined> {
  const events = (await api.list(`/api/v1/namespaces/${namespace}/events`, {
    fieldSelector: `involvedObject.kind=PersistentVolumeClaim,involvedObject.name=${name}`,
  })) as (KubernetesEvent & { readonly type?: string })[];
  // A provisioner goes on saying that it tries: that is no cause once it has said why it can't.
  const newest = newestEvent(events.filter(({ type }) => type === "Warning")) ?? newestEvent(events);
  if (newest?.message === undefined) {
    return undefined;
  }
  const isMissing = waitedMs > 30_000 && /no persistent volumes available|not found/.test(newest.message);
  return { message: `volume not bound: ${newest.message}`, permanent: isMissing || isOutOfRoom(newest, waitedMs) };
}

async function warnings(api: PodView, namespace: string, kind: string, name: string): Promise<KubernetesEvent[]> {
  return await api.list(`/api/v1/namespaces/${namespace}/events`, {
    fieldSelector: `involvedObject.kind=${kind},involvedObject.name=${name},type=Warning`,
  });
}

function exitText(container: string, { exitCode, reason = "" }: EndedContainer): string {
  if (reason === "OOMKilled") {
    return `${container} was killed because it used more memory than its limit`;
  }
  return `${container} ended with exit code ${exitCode ?? "unknown"}${reason === "" || reason === "Error" ? "" : ` (${reason})`}`;
}

function quote(log: string): string {
  return log === ""
    ? ""
    : `; its last log lines:\n${log
        .split("\n")
        .map((line) => `    ${line.slice(0, 300)}`)
        .join("\n")}`;
}

function created(item: Props): number {
  return Date.parse(textOf(objectOf(item["metadata"])["creationTimestamp"])) || 0;
}
