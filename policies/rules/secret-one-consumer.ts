import type { PolicyResource } from "@pulumi/policy";
import { COMPONENT_LABEL, CREDENTIAL, NAME_LABEL } from "../../platform/names.ts";
import type { PodSpec } from "../../platform/pod-spec.ts";
import { at, entries, kindOf, list, podsOf } from "./pod-policy.ts";
import { stackPolicy } from "./stack-policy.ts";

/** Secrets that two services have, each with the reason. */
export const sharedSecrets: Readonly<Record<string, string>> = {
  "object-store-key-postgres-backup": "A restore reads what the backup has written.",
};

/** Names of the Secrets that a pod refers to, in variables and in volumes. */
function secretsOf(spec: PodSpec): ReadonlySet<string> {
  const names = new Set<unknown>();
  const look = (value: unknown): void => {
    for (const [key, part] of entries(value)) {
      if (["secretKeyRef", "secretRef"].includes(key)) names.add(at(part, "name"));
      if (key === "secret") names.add(at(part, "secretName") ?? at(part, "name"));
      look(part);
    }
  };
  look(spec);
  return new Set([...names].filter((name) => typeof name === "string"));
}

/** The services whose pods refer to a Secret, without the one that made it and those that set that up. */
export function consumersOf(
  secret: Pick<PolicyResource, "props">,
  all: readonly Pick<PolicyResource, "type" | "props">[],
): string[] {
  const name = at(secret.props, "metadata", "name");
  const owner = String(at(secret.props, "metadata", "labels", NAME_LABEL));
  const services = all
    .flatMap(({ type, props }) => podsOf(type, props))
    .filter(({ spec }) => secretsOf(spec).has(String(name)))
    .map(({ labels }) => labels[NAME_LABEL] ?? "");
  return [...new Set(services)].filter((one) => one !== owner && !one.startsWith(`${owner}-`)).sort();
}

/** Asked of the credentials that are made for one consumer each. */
export const oneConsumer = stackPolicy(
  {
    name: "kubernetes-secret-one-consumer",
    description:
      "A key of the object store and a database's role have one consumer: what one may do tells nothing of another.",
    remediationSteps: "Declare a key or a role for each consumer.",
  },
  (secret, all) => {
    const component = at(secret.props, "metadata", "labels", COMPONENT_LABEL);
    const isOfOne =
      list(Object.values(CREDENTIAL)).includes(component) &&
      sharedSecrets[String(at(secret.props, "metadata", "name"))] === undefined;
    if (kindOf(secret.type) !== "Secret" || !isOfOne) return [];
    const consumers = consumersOf(secret, all);
    return consumers.length < 2
      ? []
      : [`has ${consumers.length} consumers, ${consumers.join(", ")}; give each its own`];
  },
);
