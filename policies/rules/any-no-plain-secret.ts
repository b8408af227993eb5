import { configMapProblems, envSecretProblems } from "../../platform/hardening.ts";
import { at, entries, kindOf, podsOf, resourcePolicy } from "./pod-policy.ts";

export const noPlainSecret = resourcePolicy(
  {
    name: "kubernetes-any-no-plain-secret",
    description: "Secrets lie in Secrets: none in a ConfigMap, none as a value in a pod's environment.",
    remediationSteps: "Move the value to a Secret and refer to it by secretKeyRef or a mounted volume.",
  },
  (type, props) => {
    const texts = kindOf(type) === "ConfigMap" ? Object.fromEntries(entries(at(props, "data"))) : {};
    const pods = podsOf(type, props).flatMap(({ where, spec }) =>
      envSecretProblems(spec).map((problem) => `${where}${problem}`),
    );
    return [...configMapProblems(texts), ...pods];
  },
);
