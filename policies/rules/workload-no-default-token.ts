import { tokenProblems } from "../../platform/hardening.ts";
import { podPolicy } from "./pod-policy.ts";

export const noDefaultToken = podPolicy(
  {
    name: "kubernetes-workload-no-default-token",
    description: "The token of the default service account is not mounted into pods.",
    remediationSteps: "Set automountServiceAccountToken to false, or name an account made for the pod.",
  },
  tokenProblems,
);
