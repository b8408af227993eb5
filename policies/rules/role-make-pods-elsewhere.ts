import { makersAmong, type RightsRule } from "../../platform/rights.ts";
import { at, isRole, kindOf, list } from "./pod-policy.ts";
import { stackPolicy } from "./stack-policy.ts";

/** Asked of a stack with namespaces for people's programs: one that was given a single namespace has nowhere else to put them. */
export const makePodsElsewhere = stackPolicy(
  {
    name: "kubernetes-role-make-pods-elsewhere",
    description:
      "Whoever may make pods can mount every Secret of the namespace and run as each of its accounts, so nobody may where servers are.",
    remediationSteps: "Put the pods that others make into a namespace for people's programs, and the role with them.",
  },
  ({ type, props }, all) => {
    if (!isRole(type) || all.filter((other) => kindOf(other.type) === "Namespace").length < 2) return [];
    const namespace = at(props, "metadata", "namespace");
    const servers = all.filter(
      (other) =>
        ["Deployment", "StatefulSet"].includes(kindOf(other.type)) &&
        (namespace === undefined || at(other.props, "metadata", "namespace") === namespace),
    );
    const made = makersAmong(list(at(props, "rules")) as readonly RightsRule[]);
    const [first] = servers;
    if (made.length === 0 || first === undefined) return [];
    return [`allows to create ${made.join(", ")} beside the server "${first.name}"; put both into another namespace`];
  },
);
