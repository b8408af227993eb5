/** How pods get their images from a registry that asks for a login. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "./component.ts";
import { labels } from "./names.ts";
import { giver, nameIn, type Quarters } from "./quarters.ts";

/** A login to a registry by name and password. */
export interface PullLogin {
  /** Host of the registry, with its port, as the nodes know it. */
  readonly server: string;
  readonly username: string;
  readonly password: string;
}

export interface PullSecretsArgs {
  readonly namespace: pulumi.Input<string>;
  /** Name of a Secret of type `kubernetes.io/dockerconfigjson` that is there already. @default - none */
  readonly existing?: string;
  /** A login, of which a Secret is made. @default - none */
  readonly login?: PullLogin;
}

/** Name of the Secret that is made of a login. */
export const LOGIN_SECRET = "registry-login";

/** Where each kind of object has the spec of its pods. */
const podSpecs: Readonly<Record<string, readonly string[]>> = {
  "kubernetes:core/v1:Pod": ["spec"],
  "kubernetes:apps/v1:Deployment": ["spec", "template", "spec"],
  "kubernetes:apps/v1:StatefulSet": ["spec", "template", "spec"],
  "kubernetes:apps/v1:DaemonSet": ["spec", "template", "spec"],
  "kubernetes:batch/v1:Job": ["spec", "template", "spec"],
  "kubernetes:batch/v1:CronJob": ["spec", "jobTemplate", "spec", "template", "spec"],
};
const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";

type Fields = Readonly<Record<string, unknown>>;

/** Secrets that every pod of a program gets its images with, also pods that others make from a template in a ConfigMap. */
export class PullSecrets extends Component {
  /** Names of the Secrets; that of a login settles when it is there. */
  readonly names: readonly pulumi.Output<string>[];
  /** Goes into the options of the components whose pods are meant; their children inherit it. */
  readonly transformation: pulumi.ResourceTransformation;
  /** Makes the Secret of a login in a namespace of people's programs, too; the existing one is somebody else's to make. */
  readonly give: (to: Quarters) => void;

  constructor(name: string, args: PullSecretsArgs, opts?: ComponentOptions) {
    const { namespace, existing, login } = args;
    super("PullSecrets", name, { existing, server: login?.server }, opts);
    const made = login === undefined ? undefined : createSecret(login, namespace, this);
    this.give = giver((to) => {
      if (login !== undefined) createSecret(login, to.namespace, this, nameIn(to, LOGIN_SECRET));
    });
    this.names = [
      ...(existing === undefined ? [] : [pulumi.output(existing)]),
      ...(made === undefined ? [] : [made.metadata.name]),
    ];
    const { names } = this;
    this.transformation = ({ type, props, opts: options }) => {
      const changed = withSecrets(type, props, names);
      return changed === undefined ? undefined : { props: changed, opts: options };
    };
    this.registerOutputs({ names });

    function createSecret(
      of: PullLogin,
      namespace: pulumi.Input<string>,
      parent: pulumi.Resource,
      resource = LOGIN_SECRET,
    ): k8s.core.v1.Secret {
      return new k8s.core.v1.Secret(
        resource,
        {
          metadata: { name: LOGIN_SECRET, namespace, labels: labels("registry", "login") },
          type: "kubernetes.io/dockerconfigjson",
          stringData: { ".dockerconfigjson": pulumi.secret(dockerConfigText(of)) },
        },
        { parent },
      );
    }
  }
}

/** A login as Docker writes it down, and Kubernetes reads it. */
function dockerConfigText({ server, username, password }: PullLogin): string {
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  const key = server === "docker.io" ? "https://index.docker.io/v1/" : server;
  return JSON.stringify({ auths: { [key]: { username, password, auth } } });
}

/** The inputs of an object with the Secrets in all its pods; `undefined`: it has none. */
function withSecrets(type: string, props: Fields, names: readonly pulumi.Output<string>[]): Fields | undefined {
  const path = podSpecs[type];
  if (path !== undefined) return changedAt(props, path, (spec) => withNames(spec, names)) as Fields;
  if (type !== CONFIG_MAP) return undefined;
  return changedAt(props, ["data"], (data) => {
    const texts = Object.entries(data).map(([key, text]) => {
      if (typeof text === "string" && podIn(text) === undefined) return [key, text];
      return [
        key,
        pulumi.all([text, pulumi.all([...names])]).apply(([known, all]) => textWithNames(String(known), all)),
      ];
    });
    return Object.fromEntries(texts) as Fields;
  }) as Fields;
}

/** A value with the part at a path changed; nothing is changed where the path leads nowhere. */
function changedAt(value: unknown, path: readonly string[], change: (part: Fields) => Fields): unknown {
  if (pulumi.Output.isInstance(value)) return value.apply((known: unknown) => changedAt(known, path, change));
  if (typeof value !== "object" || value === null) return value;
  const [head, ...rest] = path;
  const fields = value as Fields;
  return head === undefined ? change(fields) : { ...fields, [head]: changedAt(fields[head], rest, change) };
}

function withNames(spec: Fields, names: readonly unknown[]): Fields {
  const given = (spec["imagePullSecrets"] ?? []) as readonly unknown[];
  return { ...spec, imagePullSecrets: [...given, ...names.map((name) => ({ name }))] };
}

/** The pod that a text is; `undefined`: it is something else. */
function podIn(text: string): (Fields & { readonly spec: Fields }) | undefined {
  if (!text.startsWith("{") || !text.includes('"containers"')) return undefined;
  const pod = JSON.parse(text) as { readonly spec?: Fields };
  return Array.isArray(pod.spec?.["containers"]) ? (pod as Fields & { readonly spec: Fields }) : undefined;
}

function textWithNames(text: string, names: readonly string[]): string {
  const pod = podIn(text);
  return pod === undefined ? text : JSON.stringify({ ...pod, spec: withNames(pod.spec, names) }, null, 2);
}
