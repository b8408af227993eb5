import { readOnlyProblems } from "../../platform/confinement.ts";
import { podPolicy } from "./pod-policy.ts";

export const readOnlyRoot = podPolicy(
  {
    name: "kubernetes-workload-read-only-root",
    description: "Containers write to volumes only, so that a program stays what its image made it.",
    remediationSteps: "Set readOnlyRootFilesystem to true, and mount an emptyDir where the program writes.",
  },
  readOnlyProblems,
);
