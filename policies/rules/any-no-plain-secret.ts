import { configMapProblems, envSecretProblems } from "../../platform/hardening.ts";
import { child } from "../../config/child.ts";
import { kindOf, podOf, resourcePolicy } from "./pod-policy.ts";

export const noPlainSecret = resourcePolicy(
  {
    name: "kubernetes-any-no-plain-secret",
    description: "Secrets lie in Secrets: none in a ConfigMap, none as a value in a pod's environment.",
    remediationSteps: "Move the value to a Secret and refer to it by secretKeyRef or a mounted volume.",
  },
  (type, props) => {
    if (kindOf(type) === "ConfigMap") {
      const data = child(props, "data");
      return typeof data === "object" && data !== null ? configMapProblems(data as Record<string, unknown>) : [];
    }
    const pod = podOf(type, props);
    return pod === undefined ? [] : envSecretProblems(pod.spec);
  },
);
