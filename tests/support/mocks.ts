/** Pulumi's mocks for specs: a fresh monitor per test, what the program registered, and awaited outputs. */
import "../../engine/lean.ts";
import * as pulumi from "@pulumi/pulumi";

const SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d";

/** A resource as the engine would see it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  /** Its inputs, with secrets in clear. */
  readonly inputs: Inputs;
  /** Paths of the inputs that are marked as secret: `stringData.accessKey`. */
  readonly secrets: readonly string[];
}

/** Inputs of a resource, with the parts of Kubernetes objects that specs look at; what a kind lacks is undefined. */
export interface Inputs {
  readonly [key: string]: unknown;
  readonly metadata: Metadata;
  readonly data: Readonly<Record<string, string>>;
  readonly stringData: Readonly<Record<string, string>>;
  readonly rules: readonly [{ readonly resources: readonly string[]; readonly verbs: readonly string[] }];
  readonly spec: Spec;
}

interface Metadata {
  readonly name?: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Spec {
  readonly type: string;
  readonly replicas: number;
  readonly strategy: object;
  readonly suspend: boolean;
  readonly activeDeadlineSeconds: number;
  readonly progressDeadlineSeconds: number;
  readonly ports: readonly [{ readonly port: number }];
  readonly template: { readonly metadata: Metadata; readonly spec: Pod };
  readonly jobTemplate: { readonly spec: Spec };
  readonly selector: object;
  readonly volumeClaimTemplates: readonly [
    {
      readonly metadata: Metadata;
      readonly spec: {
        readonly storageClassName?: string;
        readonly resources: { readonly requests: { readonly storage: string } };
      };
    },
  ];
}

interface Pod {
  readonly enableServiceLinks: boolean;
  readonly restartPolicy: string;
  readonly affinity: object;
  readonly containers: readonly [Container];
  readonly initContainers: readonly Container[];
  readonly volumes: readonly [{ readonly projected: { sources: readonly [{ configMap: { items: object[] } }] } }];
}

interface Container {
  readonly image: string;
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly EnvVariable[];
  readonly volumeMounts: readonly [{ readonly name: string; readonly mountPath: string }];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: number };
  readonly exec: { readonly command: readonly string[] };
}

interface EnvVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string };
    readonly fieldRef?: { readonly fieldPath: string };
  };
}

/** The mocked engine, as far as specs listen to it. */
interface Monitor {
  registerResource(
    request: { getDependenciesList(): string[] },
    callback: (error: unknown, response: { getUrn(): string } | undefined) => void,
  ): Promise<void>;
}

/** What a test sees of the program that it runs. */
export class Mocked {
  readonly #seen: Registered[] = [];
  readonly #dependencies = new Map<string, readonly string[]>();

  /** Everything registered so far, once all that was begun has ended. */
  async resources(): Promise<readonly Registered[]> {
    // The SDK's own typings leave this function out, and there is no other way to know that nothing is under way.
    await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
    return this.#seen;
  }

  /** All resources of a type, such as `kubernetes:core/v1:Service`. */
  async ofType(type: string): Promise<readonly Registered[]> {
    return (await this.resources()).filter((resource) => resource.type === type);
  }

  /** @throws Error naming what there is when no resource has this type and name. */
  async get(type: string, name: string): Promise<Registered> {
    const all = await this.ofType(type);
    const found = all.find((resource) => resource.name === name);
    if (found !== undefined) return found;
    throw new Error(`no ${type} is called "${name}"; there are: ${all.map((resource) => resource.name).join(", ")}`);
  }

  /** Types and name of everything registered, parents first: `millrace:index:Kafka$kubernetes:apps/v1:StatefulSet::kafka`. */
  async lineages(): Promise<string[]> {
    await this.resources();
    const monitor = pulumi.runtime.getMonitor() as unknown as { getRegisteredResources(): Map<string, unknown> };
    return [...monitor.getRegisteredResources().keys()].map((urn) => urn.split("::").slice(2).join("::"));
  }

  /** URNs of what each resource waits for, by the resource's own URN. */
  async dependencies(): Promise<ReadonlyMap<string, readonly string[]>> {
    await this.resources();
    return this.#dependencies;
  }

  /** @internal */
  follow(monitor: Monitor): void {
    const register = monitor.registerResource.bind(monitor);
    monitor.registerResource = (request, callback) =>
      register(request, (error, response) => {
        if (response !== undefined) this.#dependencies.set(response.getUrn(), request.getDependenciesList());
        callback(error, response);
      });
  }

  /** @internal */
  record(resource: Registered): void {
    this.#seen.push(resource);
  }
}

/** Names of resources, such as those that somebody waits for. */
export async function namesOf(resources: readonly pulumi.Resource[]): Promise<(string | undefined)[]> {
  return await Promise.all(resources.map(async ({ urn }) => (await valueOf(urn)).split("::").at(-1)));
}

/** A fresh monitor, so that a test sees its own resources only. Call it in `beforeEach`, before anything is made. */
export async function mock(
  options: {
    readonly config?: Record<string, unknown>;
    /** Another text makes other passwords. @default - none */
    readonly seed?: string;
  } = {},
): Promise<Mocked> {
  const mocked = new Mocked();
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        const secrets: string[] = [];
        const inputs = unwrap(args.inputs, "", secrets) as Inputs;
        mocked.record({ type: args.type, name: args.name, inputs, secrets });
        return {
          id: `${args.name}-id`,
          state: { ...inputs, ...generated(args.type, `${options.seed ?? ""}${args.name}`, inputs) },
        };
      },
      call: () => ({}),
    },
    "millrace",
    "test",
  );
  mocked.follow(pulumi.runtime.getMonitor() as unknown as Monitor);
  const config = Object.entries(options.config ?? {}).map(([key, value]) => [key, JSON.stringify(value)]);
  pulumi.runtime.setAllConfig(Object.fromEntries(config) as Record<string, string>);
  return mocked;
}

/** The value of an output; rejects when it failed. */
export async function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return await (output as unknown as { promise(): Promise<T> }).promise();
}

/** What a provider would add to a resource's inputs. */
function generated(type: string, name: string, inputs: Inputs): Record<string, unknown> {
  const hex = Buffer.from(name).toString("hex");
  if (type === "random:index/randomBytes:RandomBytes") {
    const length = Number(inputs["length"]) * 2;
    return { hex: hex.repeat(Math.ceil(length / hex.length)).slice(0, length) };
  }
  if (type === "random:index/randomPassword:RandomPassword") {
    const length = Number(inputs["length"]);
    return { result: hex.repeat(Math.ceil(length / hex.length)).slice(0, length) };
  }
  if (type === "random:index/randomId:RandomId") return { b64Url: "-AAAAAAAAAAAAAAAAAAAAA" };
  return {};
}

function unwrap(value: unknown, path: string, secrets: string[]): unknown {
  if (Array.isArray(value)) return value.map((item, index) => unwrap(item, `${path}[${index}]`, secrets));
  if (typeof value !== "object" || value === null) return value;
  if (SECRET_SIGNATURE in value && "value" in value) {
    secrets.push(path);
    return unwrap(value.value, path, secrets);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, unwrap(item, path === "" ? key : `${path}.${key}`, secrets)]),
  );
}
