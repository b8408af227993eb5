import { serviceLinkProblems } from "../../platform/confinement.ts";
import { podPolicy } from "./pod-policy.ts";

export const noServiceLinks = podPolicy(
  {
    name: "kubernetes-workload-no-service-links",
    description: "The addresses of Services stay out of the environment, where they hide variables of the same name.",
    remediationSteps: "Set enableServiceLinks to false, and look Services up by name.",
  },
  serviceLinkProblems,
);
