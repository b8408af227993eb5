import { type RightsRule, wildcardProblems } from "../../platform/rights.ts";
import { at, isRole, list, resourcePolicy } from "./pod-policy.ts";

export const noWildcard = resourcePolicy(
  {
    name: "kubernetes-role-no-wildcard",
    description: "A role names what it allows: a wildcard takes in kinds and verbs that nobody thought of.",
    remediationSteps: "Name the groups, resources and verbs that are needed.",
  },
  (type, props) => (isRole(type) ? wildcardProblems(list(at(props, "rules")) as readonly RightsRule[]) : []),
);
