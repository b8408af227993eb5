import { received } from "../../platform/pod-spec.ts";
import { at, kindOf, resourcePolicy } from "./pod-policy.ts";

export const noAutomount = resourcePolicy(
  {
    name: "kubernetes-account-no-automount",
    description: "A pod gets an account's token only when it asks for it.",
    remediationSteps: "Set automountServiceAccountToken of the ServiceAccount to false, and that of the pod to true.",
  },
  (type, props) => {
    const value = at(props, "automountServiceAccountToken");
    if (kindOf(type) !== "ServiceAccount" || value === false) return [];
    return [`has automountServiceAccountToken ${received(value)}; set it to false`];
  },
);
