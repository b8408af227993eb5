import { resourceProblems } from "../../platform/hardening.ts";
import { podPolicy } from "./pod-policy.ts";

export const setResources = podPolicy(
  {
    name: "kubernetes-workload-set-resources",
    description: "Every container requests and limits CPU and memory, so that no pod can starve its node.",
    remediationSteps: "Set resources.requests and resources.limits, each with cpu and memory.",
  },
  resourceProblems,
);
