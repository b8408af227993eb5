/**
 * What an account that makes pods may put into them: the Secrets and accounts that it is given. Rights alone don't tell pods
 * apart, so an admission policy of the cluster does.
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { labels, type QuarterName } from "./names.ts";

/** An account that makes pods, and what it may give them. */
export interface PodMaker {
  readonly account: string;
  /** Which of people's namespaces the account is in. @default - the platform's own */
  readonly of?: QuarterName | undefined;
  /** Its name. */
  readonly namespace: pulumi.Input<string>;
  /** Secrets that its pods take values from. */
  readonly secrets: readonly pulumi.Input<string>[];
  /** Accounts that its pods run as. @default - the one that has no rights */
  readonly accounts?: readonly string[];
}

/** A rule over a pod in CEL, and what it says of one that breaks it. */
interface PodRule {
  readonly expression: string;
  readonly message: string;
}

const NO_ACCOUNT = "default";

/** What holds for the pods of a maker. Kinds of volumes that Pod Security refuses are not looked at. */
export function podRules({
  secrets,
  accounts,
}: {
  readonly secrets: readonly string[];
  readonly accounts: readonly string[];
}): PodRule[] {
  const own = celList(secrets);
  const named = secrets.length === 0 ? "it is given none" : `it is given ${secrets.join(", ")}`;
  const env = `!has(e.valueFrom) || !has(e.valueFrom.secretKeyRef) || e.valueFrom.secretKeyRef.name in ${own}`;
  const runAs = [NO_ACCOUNT, ...accounts];
  return [
    {
      expression: `variables.containers.all(c, c.?env.orValue([]).all(e, ${env}))`,
      message: `this account gives pods variables of its own Secrets only: ${named}`,
    },
    {
      expression: "variables.containers.all(c, c.?envFrom.orValue([]).all(f, !has(f.secretRef)))",
      message: "this account gives pods no Secret as a whole",
    },
    {
      expression: `variables.volumes.all(v, !has(v.secret) || v.secret.secretName in ${own})`,
      message: `this account mounts its own Secrets only: ${named}`,
    },
    {
      expression:
        "variables.volumes.all(v, !has(v.csi) && (!has(v.projected) || v.projected.?sources.orValue([]).all(s, !has(s.secret))))",
      message: "this account mounts no Secret by way of another volume",
    },
    {
      expression: `object.spec.?serviceAccountName.orValue('${NO_ACCOUNT}') in ${celList(runAs)}`,
      message: `pods of this account run as ${runAs.join(" or ")}`,
    },
  ];
}

/** A list of names in CEL; names of objects have no quotes. */
function celList(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(", ")}]`;
}

const VARIABLES = [
  { name: "containers", expression: "object.spec.containers + object.spec.?initContainers.orValue([])" },
  { name: "volumes", expression: "object.spec.?volumes.orValue([])" },
];

/**
 * The policy for one maker's pods.
 * @param name Of the resource.
 * @param where Namespace in which it makes them.
 */
export function restrictMaker(
  name: string,
  where: pulumi.Input<string>,
  maker: PodMaker,
  opts: pulumi.CustomResourceOptions,
): void {
  const objectName = pulumi.interpolate`${where}-${name}`;
  const metadata = { name: objectName, labels: labels(maker.account, "maker") };
  const user = pulumi.interpolate`system:serviceaccount:${maker.namespace}:${maker.account}`;
  const validations = pulumi
    .output([...maker.secrets])
    .apply((secrets) => podRules({ secrets: [...new Set(secrets)].sort(), accounts: maker.accounts ?? [] }));
  const policy = new k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
    name,
    {
      metadata,
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: [
            { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"], scope: "Namespaced" },
          ],
        },
        matchConditions: [{ name: "maker", expression: pulumi.interpolate`request.userInfo.username == '${user}'` }],
        variables: VARIABLES,
        validations,
      },
    },
    opts,
  );
  new k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
    name,
    {
      metadata,
      spec: {
        policyName: policy.metadata.name,
        validationActions: ["Deny"],
        matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": where } } },
      },
    },
    opts,
  );
}
