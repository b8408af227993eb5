/** Which changes of a Kubernetes object its API server refuses, so that it must be made anew. */

import { isBelow } from "../property-path.ts";

const always = ["apiVersion", "kind", "metadata.name", "metadata.namespace"];

/** Immutable paths by kind. Those of a CustomResourceDefinition are left out: its replacement would delete all its objects. */
const immutable: Readonly<Record<string, readonly string[]>> = {
  CSIDriver: ["spec.attachRequired", "spec.volumeLifecycleModes"],
  CertificateSigningRequest: ["spec"],
  ClusterRoleBinding: ["roleRef"],
  DaemonSet: ["spec.selector"],
  Deployment: ["spec.selector"],
  EndpointSlice: ["addressType"],
  IngressClass: ["spec.controller"],
  Job: [
    "spec.backoffLimitPerIndex",
    "spec.completionMode",
    "spec.completions",
    "spec.managedBy",
    "spec.podFailurePolicy",
    "spec.selector",
    "spec.successPolicy",
    "spec.template",
  ],
  PriorityClass: ["preemptionPolicy", "value"],
  ReplicaSet: ["spec.selector"],
  ResourceQuota: ["spec.scopes"],
  RoleBinding: ["roleRef"],
  RuntimeClass: ["handler"],
  Secret: ["type"],
  Service: ["spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy", "spec.loadBalancerClass"],
  StorageClass: ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
  VolumeAttributesClass: ["driverName", "parameters"],
};

/** The only parts of these kinds' `spec` that can change. */
const mutable: Readonly<Record<string, readonly string[]>> = {
  PersistentVolume: [
    "spec.accessModes",
    "spec.capacity",
    "spec.claimRef",
    "spec.mountOptions",
    "spec.persistentVolumeReclaimPolicy",
    "spec.storageClassName",
    "spec.volumeAttributesClassName",
  ],
  PersistentVolumeClaim: ["spec.resources", "spec.volumeAttributesClassName"],
  Pod: ["spec.activeDeadlineSeconds", "spec.containers[*].image", "spec.initContainers[*].image", "spec.tolerations"],
  StatefulSet: [
    "spec.minReadySeconds",
    "spec.ordinals",
    "spec.persistentVolumeClaimRetentionPolicy",
    "spec.replicas",
    "spec.revisionHistoryLimit",
    "spec.template",
    "spec.updateStrategy",
  ],
};

export interface Mutability {
  readonly configMaps: boolean;
  readonly secrets: boolean;
  /** The object itself says `immutable: true`. @default false */
  readonly frozen?: boolean;
}

const dataFields = ["data", "binaryData", "stringData"];

/** Of the paths that differ, those that need a new object. */
export function replacePaths(kind: string, paths: readonly string[], mutability: Mutability): string[] {
  return paths.filter((path) => {
    if (
      always.some((prefix) => isBelow(path, prefix)) ||
      (immutable[kind] ?? []).some((prefix) => isBelow(path, prefix))
    ) {
      return true;
    }
    const allowed = mutable[kind];
    if (allowed !== undefined && isBelow(path, "spec")) {
      return !allowed.some((prefix) => isBelow(path, prefix));
    }
    const isMutable = { ConfigMap: mutability.configMaps, Secret: mutability.secrets }[kind];
    if (isMutable === undefined) {
      return false;
    }
    const frozen = mutability.frozen === true;
    const fields = [...(frozen || !isMutable ? dataFields : []), ...(frozen ? ["immutable"] : [])];
    return fields.some((prefix) => isBelow(path, prefix));
  });
}
