import { privilegeProblems } from "../../platform/hardening.ts";
import { podPolicy } from "./pod-policy.ts";

export const dropPrivileges = podPolicy(
  {
    name: "kubernetes-workload-drop-privileges",
    description: "No process can gain rights: no privilege escalation, no capabilities.",
    remediationSteps: "Set allowPrivilegeEscalation to false and capabilities.drop to [ALL].",
  },
  privilegeProblems,
);
