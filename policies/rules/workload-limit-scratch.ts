import { scratchProblems } from "../../platform/confinement.ts";
import { podPolicy } from "./pod-policy.ts";

export const limitScratch = podPolicy(
  {
    name: "kubernetes-workload-limit-scratch",
    description: "An emptyDir has a limit, so that no pod can fill the disk of its node.",
    remediationSteps: "Set emptyDir.sizeLimit.",
  },
  scratchProblems,
);
