/** A program for the engine's specs whose resources are listed in its configuration `parts:wanted`. */
import * as pulumi from "@pulumi/pulumi";
import type { Wanted } from "../../test-stack.ts";

class Group extends pulumi.ComponentResource {}

/** What `@pulumi/kubernetes` registers, without the seconds that loading it takes. */
class KubernetesObject extends pulumi.CustomResource {
  constructor(
    apiVersion: string,
    kind: string,
    name: string,
    props: pulumi.Inputs,
    opts: pulumi.CustomResourceOptions,
  ) {
    const group = apiVersion === "v1" ? "core/v1" : apiVersion;
    super(`kubernetes:${group}:${kind}`, name, { apiVersion, kind, ...props }, opts);
  }
}

class Cluster extends pulumi.ProviderResource {
  constructor(kubeconfig: string) {
    super("kubernetes", "cluster", { kubeconfig, enableConfigMapMutable: true, enableSecretMutable: true });
  }
}

const wanted = new pulumi.Config().requireObject<Wanted>("wanted");
const provider = new Cluster(wanted.kubeconfig);
const made = new Map<string, pulumi.Resource>();
const find = (name: string) => {
  const found = made.get(name);
  if (found === undefined) {
    throw new Error(`no part ${name} before this one`);
  }
  return found;
};

for (const part of wanted.parts) {
  const opts = {
    ...part.options,
    aliases: [
      ...(part.formerNames ?? []).map((name) => ({ name })),
      ...(part.formerTypes ?? []).map((type) => ({ type })),
    ],
    dependsOn: (part.after ?? []).map(find),
    ...(part.parent === undefined ? {} : { parent: find(part.parent) }),
    ...(part.deletedWith === undefined ? {} : { deletedWith: find(part.deletedWith) }),
  };
  const metadata = {
    name: part.object ?? part.name,
    namespace: "default",
    annotations: part.annotations ?? { "pulumi.com/skipAwait": "true" },
  };
  const template = {
    metadata: { labels: { app: part.name } },
    spec: { restartPolicy: "Never", containers: [{ name: "main", image: part.value ?? "a:1" }] },
  };
  const make = (apiVersion: string, kind: string, rest: pulumi.Inputs, more: pulumi.CustomResourceOptions = {}) =>
    new KubernetesObject(apiVersion, kind, part.name, { metadata, ...rest }, { ...opts, ...more, provider });
  switch (part.kind) {
    case "Group":
      made.set(
        part.name,
        new Group(part.type ?? "test:index:Group", part.name, {}, { ...opts, providers: [provider] }),
      );
      break;
    case "Object": {
      const { apiVersion = "", kind = "", ...rest } = part.manifest ?? {};
      made.set(part.name, new KubernetesObject(apiVersion, kind, part.name, rest, { ...opts, provider }));
      break;
    }
    case "Job":
      made.set(part.name, make("batch/v1", "Job", { spec: { template } }));
      break;
    case "Deployment": {
      const spec = { replicas: 1, selector: { matchLabels: { app: part.name } }, template };
      made.set(part.name, make("apps/v1", "Deployment", { spec }));
      break;
    }
    case "StatefulSet": {
      const spec = {
        serviceName: part.value ?? "one",
        selector: { matchLabels: { app: part.name } },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Retain" },
        template,
      };
      made.set(part.name, make("apps/v1", "StatefulSet", { spec }));
      break;
    }
    case "Secret": {
      const stringData = pulumi.secret(part.texts ?? { text: part.value ?? "" });
      made.set(part.name, make("v1", "Secret", { stringData }, { additionalSecretOutputs: ["data", "stringData"] }));
      break;
    }
    default:
      made.set(part.name, make("v1", "ConfigMap", { data: { value: part.value ?? "" } }));
  }
}
