import { seccompProblems } from "../../platform/hardening.ts";
import { podPolicy } from "./pod-policy.ts";

export const setSeccomp = podPolicy(
  {
    name: "kubernetes-workload-set-seccomp",
    description: "System calls are filtered by a seccomp profile.",
    remediationSteps: "Set seccompProfile.type to RuntimeDefault.",
  },
  seccompProblems,
);
