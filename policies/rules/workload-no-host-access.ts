import { hostProblems } from "../../platform/confinement.ts";
import { podPolicy } from "./pod-policy.ts";

export const noHostAccess = podPolicy(
  {
    name: "kubernetes-workload-no-host-access",
    description: "A pod has a network, processes and memory of its own, and takes no port of its node.",
    remediationSteps: "Remove hostNetwork, hostPID, hostIPC and hostPort; make a Service for what others reach.",
  },
  hostProblems,
);
