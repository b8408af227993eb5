import { secretFileProblems } from "../../platform/confinement.ts";
import { podPolicy } from "./pod-policy.ts";

export const readSecretFiles = podPolicy(
  {
    name: "kubernetes-workload-read-secret-files",
    description:
      "Secrets are files where the program can read them so: a variable is passed on to child processes and crash reports.",
    remediationSteps: "Mount the Secret, and name its file in the variable that ends in _FILE.",
  },
  secretFileProblems,
);
