/** Which changes of a Kubernetes object its API server refuses, so that it must be made anew. */

import { isBelow } from "../values.ts";

const always = ["apiVersion", "kind", "metadata.name", "metadata.namespace"];

/** Immutable paths by kind. */
const immutable: Readonly<Record<string, readonly string[]>> = {
  Job: ["spec.template", "spec.selector", "spec.completionMode", "spec.podFailurePolicy"],
  StorageClass: ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
  RoleBinding: ["roleRef"],
  ClusterRoleBinding: ["roleRef"],
  Deployment: ["spec.selector"],
  DaemonSet: ["spec.selector"],
  Service: ["spec.clusterIP", "spec.clusterIPs", "spec.ipFamilyPolicy"],
  Secret: ["type"],
  PersistentVolume: ["spec"],
  Pod: ["spec"],
};

/** The only parts of these kinds' `spec` that can change. */
const mutable: Readonly<Record<string, readonly string[]>> = {
  StatefulSet: [
    "spec.replicas",
    "spec.template",
    "spec.updateStrategy",
    "spec.persistentVolumeClaimRetentionPolicy",
    "spec.minReadySeconds",
    "spec.ordinals",
    "spec.revisionHistoryLimit",
  ],
  PersistentVolumeClaim: ["spec.resources.requests.storage"],
};

export interface Mutability {
  readonly configMaps: boolean;
  readonly secrets: boolean;
}

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
    const isData = ["data", "binaryData", "stringData"].some((prefix) => isBelow(path, prefix));
    return isData && ((kind === "ConfigMap" && !mutability.configMaps) || (kind === "Secret" && !mutability.secrets));
  });
}
