import type { PolicyResource } from "@pulumi/policy";
import { at, entries, kindOf } from "./pod-policy.ts";
import { selects } from "../selector.ts";
import { stackPolicy } from "./stack-policy.ts";

/** Whether a budget is for pods with these labels. One without labels is for all, and so for none in particular. */
function isFor(budget: PolicyResource, labels: unknown): boolean {
  const selector = at(budget.props, "spec", "selector");
  return entries(at(selector, "matchLabels")).length > 0 && selects(selector, labels);
}

/** Whether a budget lets no pod go while all of them are well. */
function blocks(budget: PolicyResource, replicas: number): boolean {
  const { maxUnavailable: most, minAvailable: least = 0 } = at(budget.props, "spec") as {
    readonly maxUnavailable?: number | string;
    readonly minAvailable?: number | string;
  };
  if (most !== undefined) return most === 0 || most === "0%";
  return least === "100%" || Number(least) >= replicas;
}

/** Asked of the stack as a whole: a budget is an object of its own. */
export const setBudget = stackPolicy(
  {
    name: "kubernetes-workload-set-budget",
    description: "What runs several times has a PodDisruptionBudget, which lets a drain take some of its pods.",
    remediationSteps: "Add a PodDisruptionBudget with maxUnavailable 1 that selects the pods.",
  },
  ({ type, props }, all) => {
    const replicas = at(props, "spec", "replicas");
    if (!["Deployment", "StatefulSet"].includes(kindOf(type)) || typeof replicas !== "number" || replicas < 2)
      return [];
    const budgets = all.filter((other) => kindOf(other.type) === "PodDisruptionBudget");
    const own = budgets.filter((budget) => isFor(budget, at(props, "spec", "template", "metadata", "labels")));
    if (own.length === 0) {
      return [`has ${replicas} replicas and no PodDisruptionBudget; add one with maxUnavailable 1`];
    }
    return own.flatMap((budget) =>
      blocks(budget, replicas)
        ? [
            `the PodDisruptionBudget "${budget.name}" lets none of its pods go, so a node is never drained; give it maxUnavailable 1`,
          ]
        : [],
    );
  },
);
