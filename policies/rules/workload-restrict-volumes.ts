import { volumeProblems } from "../../platform/confinement.ts";
import { podPolicy } from "./pod-policy.ts";

export const restrictVolumes = podPolicy(
  {
    name: "kubernetes-workload-restrict-volumes",
    description: "Volumes come from the API server, from a claim or with the pod; no pod sees folders of its node.",
    remediationSteps:
      "Put data on a PersistentVolumeClaim, settings into a ConfigMap or a Secret, and the rest into an emptyDir.",
  },
  volumeProblems,
);
