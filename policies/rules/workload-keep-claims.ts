import { received } from "../../platform/pod-spec.ts";
import { at, kindOf, resourcePolicy } from "./pod-policy.ts";

export const keepClaims = resourcePolicy(
  {
    name: "kubernetes-workload-keep-claims",
    description: "Data outlive the pods that write them: claims stay when a StatefulSet is removed or has fewer pods.",
    remediationSteps: "Set whenDeleted and whenScaled of persistentVolumeClaimRetentionPolicy to Retain.",
  },
  (type, props) => {
    if (kindOf(type) !== "StatefulSet") return [];
    return ["whenDeleted", "whenScaled"].flatMap((key) => {
      const value = at(props, "spec", "persistentVolumeClaimRetentionPolicy", key) ?? "Retain";
      return value === "Retain" ? [] : [`has ${key} ${received(value)}; set it to Retain`];
    });
  },
);
