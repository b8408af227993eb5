/** Accounts of Kubernetes for pods that ask its API, with the same rights in each of several namespaces. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { labels } from "./names.ts";
import { nameIn, type Quarter } from "./quarters.ts";

/** Has Node trust the API server: the authority lies where Kubernetes mounts the account's token. */
export const API_SERVER_CA = {
  name: "NODE_EXTRA_CA_CERTS",
  value: "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
} as const;

type Rule = k8s.types.input.rbac.v1.PolicyRule;

export interface AccountArgs {
  readonly namespace: pulumi.Input<string>;
  /** Role of its pods in their labels. */
  readonly component: string;
  /** Rights in its own namespace, and in each of the others. */
  readonly rules: readonly Rule[];
  /** Namespaces beside its own. @default - none */
  readonly quarters?: readonly Quarter[];
  /** Rights on what is in no namespace. @default - none, and nothing of the whole cluster is made */
  readonly clusterRules?: readonly Rule[];
}

/** An account of a service. @returns its name, which settles when it has its rights */
export function readerAccount(
  account: string,
  { namespace, component, rules, quarters = [], clusterRules = [] }: AccountArgs,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const metadata = { name: account, namespace, labels: labels(account, component) };
  const made = new k8s.core.v1.ServiceAccount(account, { metadata, automountServiceAccountToken: false }, opts);
  const subjects = [{ kind: "ServiceAccount", name: made.metadata.name, namespace }];
  const roleRef = { apiGroup: "rbac.authorization.k8s.io" };
  const bindings: pulumi.CustomResource[] = [{ namespace: pulumi.output(namespace) }, ...quarters].map((place) => {
    const there = { ...metadata, namespace: place.namespace };
    const resource = nameIn("in" in place ? place : {}, account);
    const role = new k8s.rbac.v1.Role(resource, { metadata: there, rules: [...rules] }, opts);
    return new k8s.rbac.v1.RoleBinding(
      resource,
      { metadata: there, roleRef: { ...roleRef, kind: "Role", name: role.metadata.name }, subjects },
      opts,
    );
  });
  if (clusterRules.length > 0) {
    const wide = { name: pulumi.interpolate`${namespace}-${account}`, labels: metadata.labels };
    const role = new k8s.rbac.v1.ClusterRole(account, { metadata: wide, rules: [...clusterRules] }, opts);
    bindings.push(
      new k8s.rbac.v1.ClusterRoleBinding(
        account,
        { metadata: wide, roleRef: { ...roleRef, kind: "ClusterRole", name: role.metadata.name }, subjects },
        opts,
      ),
    );
  }
  return pulumi.all(bindings.map(({ id }) => id)).apply(() => account);
}
