import type { PolicyResource, StackValidationPolicy } from "@pulumi/policy";
import { child } from "../../config/child.ts";
import { kindOf } from "./pod-policy.ts";

const at = (props: unknown, ...path: readonly string[]): unknown => path.reduce<unknown>(child, props);

/** Whether a budget's selector takes in pods with these labels. */
function selects(budget: PolicyResource, labels: unknown): boolean {
  const wanted = Object.entries((at(budget.props, "spec", "selector", "matchLabels") ?? {}) as Record<string, unknown>);
  return wanted.length > 0 && wanted.every(([key, value]) => child(labels, key) === value);
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

function problems({ type, props }: PolicyResource, budgets: readonly PolicyResource[]): string[] {
  const replicas = at(props, "spec", "replicas");
  if (!["Deployment", "StatefulSet"].includes(kindOf(type)) || typeof replicas !== "number" || replicas < 2) return [];
  const own = budgets.filter((budget) => selects(budget, at(props, "spec", "template", "metadata", "labels")));
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
}

/** Asked of the stack as a whole: a budget is an object of its own. */
export const setBudget: StackValidationPolicy = {
  name: "kubernetes-workload-set-budget",
  description: "What runs several times has a PodDisruptionBudget, which lets a drain take some of its pods.",
  configSchema: {
    properties: {
      exempt: { type: "array", items: { type: "string" }, default: [], description: "Names of resources left alone." },
    },
  },
  enforcementLevel: "mandatory",
  severity: "medium",
  remediationSteps: "Add a PodDisruptionBudget with maxUnavailable 1 that selects the pods.",
  validateStack: (args, report) => {
    const { exempt = [] } = args.getConfig<{ exempt?: string[] }>();
    const budgets = args.resources.filter(({ type }) => kindOf(type) === "PodDisruptionBudget");
    for (const resource of args.resources.filter(({ name }) => !exempt.includes(name))) {
      for (const problem of problems(resource, budgets)) {
        report(`${kindOf(resource.type)} "${resource.name}": ${problem}`, resource.urn);
      }
    }
  },
};
