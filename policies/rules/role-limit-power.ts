import { powerProblems, type RightsRule } from "../../platform/rights.ts";
import { at, isRole, list, resourcePolicy } from "./pod-policy.ts";

export const limitPower = resourcePolicy(
  {
    name: "kubernetes-role-limit-power",
    description: "No account reads all Secrets, enters pods or gives itself rights.",
    remediationSteps:
      "Mount the Secret that is needed, and leave out pods/exec and its like, escalate, bind and impersonate.",
  },
  (type, props) => (isRole(type) ? powerProblems(list(at(props, "rules")) as readonly RightsRule[]) : []),
);
