import { imageProblems } from "../../platform/hardening.ts";
import { podPolicy } from "./pod-policy.ts";

export const pinImage = podPolicy(
  {
    name: "kubernetes-workload-pin-image",
    description: "Images carry a tag other than latest, or a digest, so that a restart brings the same software.",
    remediationSteps: "Give each container's image a version tag or a digest.",
  },
  imageProblems,
);
