import type { PolicyResource } from "@pulumi/policy";
import { at, kindOf, list, namespaceOfPods, podsOf } from "./pod-policy.ts";
import { selects } from "../selector.ts";
import { stackPolicy } from "./stack-policy.ts";

/** Directions that a policy closes but for its rules. */
function directionsOf(policy: PolicyResource): readonly string[] {
  const named = list(at(policy.props, "spec", "policyTypes")) as readonly string[];
  return named.length > 0 ? named : ["Ingress"];
}

/** Asked of a stack that has NetworkPolicies: without any, its pods reach each other freely, which is the stack's choice. */
export const setNetworkPolicy = stackPolicy(
  {
    name: "kubernetes-workload-set-network-policy",
    description: "Where a stack has NetworkPolicies, they hold for every pod in both directions.",
    remediationSteps: "Add a NetworkPolicy with both policyTypes that selects the pods.",
  },
  ({ type, props }, all) => {
    const policies = all.filter((other) => kindOf(other.type) === "NetworkPolicy");
    if (policies.length === 0) return [];
    const namespace = namespaceOfPods(type, props);
    return podsOf(type, props).flatMap(({ where, labels }) => {
      const own = policies.filter(
        (policy) =>
          (namespace === undefined || at(policy.props, "metadata", "namespace") === namespace) &&
          selects(at(policy.props, "spec", "podSelector"), labels),
      );
      return ["Ingress", "Egress"]
        .filter((direction) => !own.some((policy) => directionsOf(policy).includes(direction)))
        .map((direction) => `${where}no NetworkPolicy for ${direction} selects its pods; add one`);
    });
  },
);
