import { at, kindOf, list, namespaceOfPods, podsOf } from "./pod-policy.ts";
import { stackPolicy } from "./stack-policy.ts";
import type { Subject } from "../../platform/rights.ts";

export const useToken = stackPolicy(
  {
    name: "kubernetes-workload-use-token",
    description: "A pod mounts its account's token only if the account has rights, which are bound in the same stack.",
    remediationSteps: "Set automountServiceAccountToken to false, or bind a role to the account.",
  },
  ({ type, props }, all) => {
    const namespace = namespaceOfPods(type, props);
    const accounts = all
      .filter((other) => ["RoleBinding", "ClusterRoleBinding"].includes(kindOf(other.type)))
      .flatMap(
        ({ props: binding }) => list(at(binding, "subjects")) as readonly (Subject & { readonly namespace?: string })[],
      )
      .filter(
        (subject) => subject.namespace === undefined || namespace === undefined || subject.namespace === namespace,
      )
      .map(({ name }) => name);
    return podsOf(type, props).flatMap(({ where, spec }) => {
      const { automountServiceAccountToken: mounts, serviceAccountName: account = "default" } = spec;
      if (mounts === false || accounts.includes(account)) return [];
      return [
        `${where}the pod mounts the token of account "${account}", which has no rights; set automountServiceAccountToken to false`,
      ];
    });
  },
);
