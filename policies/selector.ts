/** Selectors of Kubernetes by labels. */
import { at, entries, list } from "./rules/pod-policy.ts";

interface Expression {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

/** Whether a selector takes in what has these labels. */
export function selects(selector: unknown, labels: unknown): boolean {
  const matches = ({ key = "", operator, values = [] }: Expression): boolean => {
    const value = at(labels, key) as string | undefined;
    switch (operator) {
      case "In":
        return value !== undefined && values.includes(value);
      case "NotIn":
        return value === undefined || !values.includes(value);
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
      default:
        return false;
    }
  };
  return (
    entries(at(selector, "matchLabels")).every(([key, value]) => at(labels, key) === value) &&
    (list(at(selector, "matchExpressions")) as readonly Expression[]).every(matches)
  );
}
