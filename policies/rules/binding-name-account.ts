import { bindingProblems, type Subject } from "../../platform/rights.ts";
import { at, kindOf, list, resourcePolicy } from "./pod-policy.ts";

export const nameAccount = resourcePolicy(
  {
    name: "kubernetes-binding-name-account",
    description: "Rights are given to an account made for them, not to users, groups or the default account.",
    remediationSteps: "Make a ServiceAccount, and bind a role with the rights that it needs.",
  },
  (type, props) =>
    ["RoleBinding", "ClusterRoleBinding"].includes(kindOf(type))
      ? bindingProblems(String(at(props, "roleRef", "name")), list(at(props, "subjects")) as readonly Subject[])
      : [],
);
