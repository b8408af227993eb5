import { namespaceLabelProblems } from "../../platform/hardening.ts";
import { at, entries, kindOf, resourcePolicy } from "./pod-policy.ts";

export const restrictPods = resourcePolicy(
  {
    name: "kubernetes-namespace-restrict-pods",
    description: "A namespace refuses pods below Pod Security's level restricted, whoever makes them.",
    remediationSteps: "Give the namespace the labels of platform/hardening.ts.",
  },
  (type, props) =>
    kindOf(type) === "Namespace"
      ? namespaceLabelProblems(Object.fromEntries(entries(at(props, "metadata", "labels"))))
      : [],
);
