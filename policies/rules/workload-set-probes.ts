import { probeProblems } from "../../platform/hardening.ts";
import { podPolicy } from "./pod-policy.ts";

export const setProbes = podPolicy(
  {
    name: "kubernetes-workload-set-probes",
    description: "What runs on has a readiness probe, and a liveness or startup probe; Jobs are exempt.",
    remediationSteps: "Add a readinessProbe, and a livenessProbe or startupProbe.",
  },
  (spec, longRunning) => (longRunning ? probeProblems(spec) : []),
);
