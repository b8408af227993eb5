/** Checks of what accounts may do in a cluster: roles, and to whom they are bound. */

/** One rule of a Role or a ClusterRole. */
export interface RightsRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

/** To whom a role is bound. */
export interface Subject {
  readonly kind?: string;
  readonly name?: string;
}

const LISTS = ["apiGroups", "resources", "verbs", "nonResourceURLs"] as const;
/** With these a pod is entered, a port of it reached, an account's token made, or a node asked past the API server. */
const ENTERING = [
  "pods/exec",
  "pods/attach",
  "pods/portforward",
  "pods/ephemeralcontainers",
  "serviceaccounts/token",
  "nodes/proxy",
];
/** With these an account gives itself more. */
const RAISING = ["escalate", "bind", "impersonate"];
/** With these an account sees values. */
const READING = ["get", "list", "watch"];

/** A right is on named kinds and named verbs: a wildcard takes in what comes later, too. */
export function wildcardProblems(rules: readonly RightsRule[]): string[] {
  return rules.flatMap((rule, index) =>
    LISTS.flatMap((list) =>
      rule[list]?.includes("*") === true ? [`rule ${index + 1} has "*" in ${list}; name each that is needed`] : [],
    ),
  );
}

/** No account reads Secrets that it is not given by name, enters pods, or gives itself rights. */
export function powerProblems(rules: readonly RightsRule[]): string[] {
  return rules.flatMap(({ resources = [], resourceNames = [], verbs = [] }, index) => {
    const rule = `rule ${index + 1}`;
    const reading = verbs.filter((verb) => READING.includes(verb));
    const secrets =
      resources.includes("secrets") && reading.length > 0 && (resourceNames.length === 0 || !onlyNamed(verbs))
        ? [
            `${rule} allows ${reading.join(", ")} of all secrets; mount the Secret, or allow get with its name in resourceNames`,
          ]
        : [];
    const entering = resources
      .filter((resource) => ENTERING.includes(resource))
      .map((resource) => `${rule} allows ${resource}; remove it`);
    const raising = verbs.filter((verb) => RAISING.includes(verb)).map((verb) => `${rule} allows ${verb}; remove it`);
    return [...secrets, ...entering, ...raising];
  });
}

/** With these an account makes pods, by itself or through a controller. */
const MAKING = [
  "pods",
  "deployments",
  "statefulsets",
  "daemonsets",
  "replicasets",
  "replicationcontrollers",
  "jobs",
  "cronjobs",
];

/** What makes pods that an account may make, and change into others. */
export function makersAmong(rules: readonly RightsRule[]): string[] {
  return rules.flatMap(({ resources = [], verbs = [] }) =>
    verbs.includes("create") ? resources.filter((resource) => MAKING.includes(resource)) : [],
  );
}

/** Names limit what is asked for by name; a list gives all at once. */
function onlyNamed(verbs: readonly string[]): boolean {
  return !verbs.includes("list") && !verbs.includes("watch");
}

/** Rights belong to an account that is made for them, never to many or to whoever has no other. */
export function bindingProblems(role: string, subjects: readonly Subject[]): string[] {
  const admin = role === "cluster-admin" ? ["binds cluster-admin; bind a role with the rights that are needed"] : [];
  const others = subjects.flatMap(({ kind = "", name = "" }) => {
    if (kind !== "ServiceAccount") return [`gives rights to ${kind} "${name}"; give them to a ServiceAccount`];
    return name === "default" ? ['gives rights to the account "default"; make an account for them'] : [];
  });
  return [...admin, ...others];
}
