import { received } from "../../platform/pod-spec.ts";
import { at, kindOf, resourcePolicy } from "./pod-policy.ts";

/** Kinds that are in no namespace. */
const WITHOUT = [
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "IngressClass",
  "Namespace",
  "PersistentVolume",
  "PriorityClass",
  "StorageClass",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
];
/** Those of the cluster itself. */
const CLUSTERS_OWN = /^kube-/;

export const setNamespace = resourcePolicy(
  {
    name: "kubernetes-any-set-namespace",
    description:
      "Objects are in the stack's namespace: not in whichever the kubeconfig names, and not among the cluster's own.",
    remediationSteps: "Set metadata.namespace to the stack's namespace.",
  },
  (type, props) => {
    if (kindOf(type) === "" || WITHOUT.includes(kindOf(type))) return [];
    const namespace = at(props, "metadata", "namespace");
    if (typeof namespace === "string" && !CLUSTERS_OWN.test(namespace)) return [];
    return [`has metadata.namespace ${received(namespace)}; set it to the stack's namespace`];
  },
);
