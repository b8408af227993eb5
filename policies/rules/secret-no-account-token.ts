import { at, kindOf, resourcePolicy } from "./pod-policy.ts";

export const noAccountToken = resourcePolicy(
  {
    name: "kubernetes-secret-no-account-token",
    description: "No Secret holds an account's token, which would be valid for ever; pods get one that expires.",
    remediationSteps: "Remove the Secret, and have the pod mount its account's token.",
  },
  (type, props) =>
    kindOf(type) === "Secret" && at(props, "type") === "kubernetes.io/service-account-token"
      ? ["is of type kubernetes.io/service-account-token; remove it"]
      : [],
);
