/** Where data lies: claims of the target's StorageClass, or emptyDir volumes where nothing provisions claims. */
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { EPHEMERAL_DATA_SIZE } from "./confinement.ts";
import { STACK_ID_LABEL } from "./names.ts";
import { canonicalSize, quantityOf } from "./quantity.ts";

type ClaimTemplate = Omit<k8s.types.input.core.v1.PersistentVolumeClaim, "metadata"> & {
  readonly metadata: { readonly name: string };
};
type Volume = k8s.types.input.core.v1.Volume;

export interface StorageArgs {
  /**
   * Name of a StorageClass; `"default"`: the cluster's default class; `"none"`: nothing provisions volumes, so data
   * lies in emptyDir volumes and is lost with its pod.
   */
  readonly storageClass: string;
  /** Id of the stack, which claims and the sets that use them bear, so that no other stack takes them for its own. @default - none */
  readonly stackId?: string;
}

/** How a service keeps its data: on claims of a size such as `5Gi`, or in its pods, with which it goes. */
export type DataSettings = { readonly kind: "persistent"; readonly size: string } | { readonly kind: "ephemeral" };

/** A place for data as parts of a StatefulSet's spec. */
export interface DataVolume {
  /** What the claims of a new pod are made from; empty with emptyDir. */
  readonly claimTemplates: ClaimTemplate[];
  /** Size of each pod's claim by volume; empty with emptyDir. */
  readonly claims: readonly { readonly name: string; readonly size: string }[];
  /** Volumes of the pod; empty with claims. */
  readonly volumes: Volume[];
  /** Labels that tell which stack the data are of. */
  readonly owner: Readonly<Record<string, string>>;
}

/** What is wrong with the arguments; empty when nothing is. */
export function storageProblems(args: StorageArgs): string[] {
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(args.storageClass)) return [];
  return [
    `storageClass "${args.storageClass}" is not a name that Kubernetes takes; give the name of a class ` +
      '(kubectl get storageclass), "default" for the cluster\'s own, or "none" to keep data in the pods',
  ];
}

/** What is wrong with the settings of a service's data; empty when nothing is. */
export function dataProblems(what: string, data: DataSettings): string[] {
  if (data.kind === "ephemeral") return [];
  const bytes = quantityOf(data.size);
  if (bytes !== undefined && bytes > 0) return [];
  return [`${what}: size "${data.size}" is not a size; write a number with Mi, Gi or Ti, for example "5Gi"`];
}

/** The choice of storage, made once and asked by every component that keeps data. Creates nothing by itself. */
export class Storage {
  /** Whether data outlives its pod. */
  readonly persistent: boolean;
  readonly #storageClass: string;
  readonly #owner: Readonly<Record<string, string>>;

  /** @throws RunError when the class's name is not valid. */
  constructor(args: StorageArgs) {
    const problems = storageProblems(args);
    if (problems.length > 0) throw new pulumi.RunError(problems.join("; "));
    this.#storageClass = args.storageClass;
    this.#owner = args.stackId === undefined ? {} : { [STACK_ID_LABEL]: args.stackId };
    this.persistent = args.storageClass !== "none";
  }

  /**
   * A volume for a StatefulSet's pods.
   * @param name Name of the volume within the pod.
   */
  volume(name: string, data: DataSettings): DataVolume {
    const inPods = { claimTemplates: [], claims: [], owner: this.#owner };
    if (data.kind === "ephemeral")
      return { ...inPods, volumes: [{ name, emptyDir: { sizeLimit: EPHEMERAL_DATA_SIZE } }] };
    const { size } = data;
    if (!this.persistent) return { ...inPods, volumes: [{ name, emptyDir: { sizeLimit: size } }] };
    const storageClass = this.#storageClass === "default" ? {} : { storageClassName: this.#storageClass };
    return {
      claimTemplates: [
        {
          metadata: { name },
          spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: size } }, ...storageClass },
        },
      ],
      claims: [{ name, size: canonicalSize(size) }],
      volumes: [],
      owner: this.#owner,
    };
  }
}
