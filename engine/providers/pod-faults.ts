/** What keeps a pod from being ready, read from the pod alone: for the waits of a deployment as for people who ask later. */

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: object;
  readonly terminated?: EndedContainer;
}

export interface EndedContainer {
  readonly reason?: string;
  readonly exitCode?: number;
  readonly message?: string;
  readonly finishedAt?: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
  readonly image?: string;
}

/** A pod, as far as its faults are read from it. */
export interface FaultyPod {
  readonly metadata: { readonly deletionTimestamp?: string };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

/** One fault, in Kubernetes' own words; how it is told is the caller's. */
export type PodFault =
  | { readonly kind: "removed" }
  | { readonly kind: "evicted"; readonly message: string | undefined }
  | { readonly kind: "unscheduled"; readonly message: string | undefined }
  | ContainerFault;

export type ContainerFault =
  /** Its image can't be had. */
  | (Waiting & { readonly kind: "image" })
  /** It can't start for another reason. */
  | (Waiting & { readonly kind: "start" })
  | {
      readonly kind: "crash";
      readonly status: ContainerStatus;
      /** `undefined` when the kubelet does not tell any more. */
      readonly ended: EndedContainer | undefined;
      /** Whether it is over now; else it is started again, and its log is that of the run before. */
      readonly isOver: boolean;
      readonly outOfMemory: boolean;
    };

interface Waiting {
  readonly status: ContainerStatus;
  readonly reason: string;
  readonly message: string | undefined;
}

/** All faults of a pod, those that explain the others first; empty while it starts, and when it runs. */
export function podFaults(pod: FaultyPod): PodFault[] {
  const { status } = pod;
  const faults: PodFault[] = [];
  if (pod.metadata.deletionTimestamp !== undefined) {
    faults.push({ kind: "removed" });
  }
  if (status?.reason === "Evicted") {
    faults.push({ kind: "evicted", message: status.message });
  }
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") {
    faults.push({ kind: "unscheduled", message: scheduled.message });
  }
  for (const container of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
    const fault = containerFault(container);
    if (fault !== undefined) {
      faults.push(fault);
    }
  }
  return faults;
}

function containerFault(status: ContainerStatus): ContainerFault | undefined {
  const { waiting, terminated } = status.state ?? {};
  const reason = waiting?.reason;
  if (reason !== undefined && /ImagePull|ErrImage|InvalidImageName|RegistryUnavailable/.test(reason)) {
    return { kind: "image", status, reason, message: waiting?.message };
  }
  if (reason !== undefined && !/^(CrashLoopBackOff|ContainerCreating|PodInitializing)$/.test(reason)) {
    return { kind: "start", status, reason, message: waiting?.message };
  }
  const ended = terminated ?? status.lastState?.terminated;
  const hasFailed = terminated !== undefined && terminated.exitCode !== 0;
  const comesBack = !status.ready && status.restartCount > 0 && ended !== undefined;
  if (reason !== "CrashLoopBackOff" && !hasFailed && !comesBack) {
    return undefined;
  }
  return {
    kind: "crash",
    status,
    ended,
    isOver: terminated !== undefined,
    outOfMemory: ended?.reason === "OOMKilled",
  };
}
