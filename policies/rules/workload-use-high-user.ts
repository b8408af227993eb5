import { userProblems } from "../../platform/confinement.ts";
import { podPolicy } from "./pod-policy.ts";

export const useHighUser = podPolicy(
  {
    name: "kubernetes-workload-use-high-user",
    description:
      "Processes run as users that no account of a node has, or as one of the few in platform/confinement.ts.",
    remediationSteps: "Set runAsUser to 10000 or more.",
  },
  userProblems,
);
