import { nonRootProblems } from "../../platform/hardening.ts";
import { podPolicy } from "./pod-policy.ts";

export const runAsNonRoot = podPolicy(
  {
    name: "kubernetes-workload-run-as-non-root",
    description: "No process runs as root.",
    remediationSteps: "Set runAsNonRoot to true and runAsUser to an id other than 0.",
  },
  nonRootProblems,
);
