/** The object store: an S3 server with its buckets, and one key pair per consumer with rights on its own buckets. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { ServerKind } from "./data-paths.ts";
import type { AccessKeyRef, S3Endpoint, S3Source } from "./endpoint.ts";
import type { PublishedAddress, SecretKeyRef } from "../../platform/endpoints.ts";
import { type Exposure, publish } from "../../platform/exposure.ts";
import { secretFolders } from "../../platform/generated-secret.ts";
import { CREDENTIAL, labels, s3KeySecretName, selector, serviceHost } from "../../platform/names.ts";
import { type Destination, outsideAt, podsAt } from "../../platform/network.ts";
import { garage } from "./object-store-garage.ts";
import { minio } from "./object-store-minio.ts";
import { versity } from "./object-store-versity.ts";
import { type BucketRight, type ObjectStoreContents, rightNames, type S3Server } from "./object-store-server.ts";
import { s3ClientEnv } from "./s3-settings.ts";
import { givableSecret } from "../../platform/quarters.ts";
import { type DataSettings, type Storage, dataProblems } from "../../platform/storage.ts";
import { configMap, job, type Resources, service, statefulSet } from "../../platform/workload.ts";
import { type Proven, proven } from "../../platform/proven.ts";
import type { objectStoreHops } from "./hops.ts";

export type { BucketRight, ObjectStoreContents } from "./object-store-server.ts";

const ROLE = "server";
/** User and group of the server, whose data on the claim are its own. */
const UID = 1000;
const DATA_VOLUME = "data";
const DEFAULT_DATA: DataSettings = { kind: "persistent", size: "10Gi" };
const ACCESS_KEY = "accessKey";
const SECRET_KEY = "secretKey";
const SESSION_TOKEN = "sessionToken";

const servers: Readonly<Record<ServerKind, S3Server>> = { garage, versity, minio };

export interface ObjectStoreArgs<Consumer extends string> {
  readonly namespace: pulumi.Input<string>;
  /** The S3 server, and an image with the contract of `versity/versitygw`, `dxflrs/garage` or `minio/minio`. */
  readonly server: { readonly kind: ServerKind; readonly image: pulumi.Input<string> };
  /** The platform's tools image, for the Job that makes buckets and keys in Versity's gateway and in Garage. */
  readonly toolsImage: pulumi.Input<string>;
  readonly buckets: readonly string[];
  /** For each consumer its right on each bucket that it may use. */
  readonly keys: Readonly<Record<Consumer, Readonly<Record<string, BucketRight>>>>;
  readonly storage: Storage;
  readonly exposure: Exposure;
  readonly resources: Resources;
  readonly setupResources: Resources;
  /** How data is kept. @default - on a claim of 10Gi */
  readonly data?: DataSettings;
}

/** What is wrong with the arguments; empty when nothing is. */
export function objectStoreProblems(args: ObjectStoreContents & { readonly data?: DataSettings }): string[] {
  const problems = dataProblems("objectStore", args.data ?? DEFAULT_DATA);
  for (const bucket of args.buckets) {
    if (!/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(bucket)) {
      problems.push(
        `objectStore: "${bucket}" is not a bucket name; use 3 to 63 lower-case letters, digits and dashes, ` +
          "with a letter or digit at both ends",
      );
    }
  }
  for (const [consumer, rights] of Object.entries(args.keys)) {
    for (const bucket of Object.keys(rights)) {
      if (!args.buckets.includes(bucket)) {
        problems.push(
          `objectStore: consumer "${consumer}" has a right on bucket "${bucket}", which is not made; ` +
            `the buckets are ${args.buckets.join(", ")}`,
        );
      }
    }
  }
  return problems;
}

/** The setup in the words of the Job: buckets, and each consumer's rights. */
export function setupConfig(contents: ObjectStoreContents): string {
  const keys = Object.entries(contents.keys).map(([consumer, rights]) => [
    consumer,
    Object.fromEntries(Object.entries(rights).map(([bucket, right]) => [bucket, rightNames[right]])),
  ]);
  return JSON.stringify({ buckets: contents.buckets, keys: Object.fromEntries(keys) as object });
}

/** One S3 server with its data on a claim. Its consumers see the same endpoint whichever server it is. */
export class ObjectStore<Consumer extends string> extends Component implements S3Source<Consumer> {
  /** Where people reach the S3 API. */
  readonly address: PublishedAddress;
  /** Where people reach the web page; `undefined` when the server has none. */
  readonly consoleAddress: PublishedAddress | undefined;
  /** `http://host:port`, and what leads there. */
  readonly server: { readonly url: pulumi.Output<string>; readonly at: Destination };
  readonly #endpoints: Readonly<Partial<Record<string, S3Endpoint>>>;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: ObjectStoreArgs<Consumer>, opts?: ComponentOptions) {
    const { data = DEFAULT_DATA, buckets, keys } = args;
    super("ObjectStore", name, { server: args.server.kind, data, buckets, keys }, opts);
    const problems = objectStoreProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const server = servers[args.server.kind];
    const consumers = Object.keys(keys) as Consumer[];
    const childOptions = { parent: this };
    const setupName = `${name}-setup`;
    const headless = `${name}-nodes`;
    const meta = { namespace: args.namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };
    const role = { service: name, component: ROLE };
    const host = pulumi.output(args.namespace).apply((namespace) => serviceHost(name, namespace));

    const secret = createServerSecret();
    const ownSecret =
      server.secretPath === undefined
        ? { volumes: [], mounts: [] }
        : {
            volumes: [{ name: "own", secret: { secretName: secret.metadata.name } }],
            mounts: [{ name: "own", mountPath: server.secretPath, readOnly: true }],
          };
    const keySecrets = consumers.map((consumer) =>
      createKeySecret(name, consumer, args.namespace, newKeys(consumer), childOptions),
    );
    service(name, { ...meta, ports: server.ports }, childOptions);
    service(headless, { ...meta, ports: server.ports, headless: true }, childOptions);
    const serverSet = createServer();
    const setup = createSetup();

    const published = { ...meta, service: name, scheme: "http" as const };
    this.address = publish(
      args.exposure,
      { ...published, nodePort: "objectStore", port: server.s3Port, title: server.title },
      childOptions,
    );
    this.consoleAddress =
      server.consolePort === undefined
        ? undefined
        : publish(
            args.exposure,
            {
              ...published,
              part: "console",
              nodePort: "objectStoreConsole",
              port: server.consolePort,
              title: `${server.title} console`,
            },
            childOptions,
          );
    this.server = {
      url: pulumi.interpolate`http://${host}:${server.s3Port}`,
      at: podsAt(role, [server.s3Port], "S3"),
    };
    const endpoints = consumers.map((consumer, index): [Consumer, S3Endpoint] => [
      consumer,
      {
        kind: "s3",
        protocol: pulumi.output("http" as const),
        host,
        port: pulumi.output(server.s3Port),
        region: pulumi.output(server.region),
        pathStyle: true,
        at: this.server.at,
        credentials: keyRef(keySecrets[index] ?? { secretName: pulumi.output(s3KeySecretName(consumer, name)) }),
        ready: [setup],
      },
    ]);
    this.#endpoints = Object.fromEntries(endpoints);
    this.registerOutputs({ host, port: server.s3Port, address: this.address.url });

    function createServerSecret(): k8s.core.v1.Secret {
      return new k8s.core.v1.Secret(
        `${name}-server`,
        {
          metadata: { name: `${name}-server`, namespace: args.namespace, labels: meta.labels },
          stringData: { ...server.secretData(name, childOptions) },
        },
        childOptions,
      );
    }

    /** Garage demands this form of an id; every other server takes it. */
    function newKeys(consumer: string): KeyPair {
      const id = new random.RandomBytes(`${name}-${consumer}-key-id`, { length: 12 }, childOptions);
      const key = new random.RandomBytes(`${name}-${consumer}-key`, { length: 32 }, childOptions);
      return { accessKey: pulumi.interpolate`GK${id.hex}`, secretKey: key.hex };
    }

    function createServer(): k8s.apps.v1.StatefulSet {
      const hasConfig = server.configMount !== undefined;
      if (hasConfig) configMap(`${name}-config`, { ...meta, data: server.configData }, childOptions);
      return statefulSet(
        {
          name,
          namespace: args.namespace,
          replicas: 1,
          headlessService: headless,
          data: args.storage.volume(DATA_VOLUME, data),
          dataOf: args.server.kind,
          pod: {
            ...role,
            image: args.server.image,
            ...(server.command === undefined ? {} : { command: server.command }),
            args: server.args,
            env: server.env(secret.metadata.name),
            ports: server.ports,
            resources: args.resources,
            probes: server.probes,
            config: JSON.stringify(server.configData),
            volumes: [
              ...(hasConfig ? [{ name: "config", configMap: { name: `${name}-config` } }] : []),
              ...ownSecret.volumes,
            ],
            mounts: [
              { name: DATA_VOLUME, mountPath: server.dataPath },
              ...(server.configMount === undefined ? [] : [server.configMount]),
              ...ownSecret.mounts,
            ],
            uid: UID,
            scratch: ["/tmp"],
          },
        },
        childOptions,
      );
    }

    function createSetup(): k8s.batch.v1.Job {
      const setupData = server.setupConfigData(args);
      const hasData = Object.keys(setupData).length > 0;
      if (hasData) configMap(setupName, { ...meta, data: setupData }, childOptions);
      const secrets = keySecrets.map(({ secretName }, index) => [consumers[index] ?? "", secretName] as const);
      const { volumes, mounts } = secretFolders("key", "/run/keys", secrets);
      return job(
        {
          name: setupName,
          namespace: args.namespace,
          retries: 3,
          pod: {
            service: setupName,
            component: "setup",
            reaches: [podsAt(role, [server.setupPort], "making buckets and keys")],
            ...server.setup({
              host,
              secretName: secret.metadata.name,
              serverImage: args.server.image,
              toolsImage: args.toolsImage,
              setupJson: setupConfig(args),
            }),
            config: JSON.stringify(setupData),
            resources: args.setupResources,
            volumes: [
              ...volumes,
              ...ownSecret.volumes,
              ...(hasData ? [{ name: "setup", configMap: { name: setupName } }] : []),
            ],
            mounts: [
              ...mounts,
              ...ownSecret.mounts,
              ...(hasData ? [{ name: "setup", mountPath: "/setup", readOnly: true }] : []),
            ],
            scratch: ["/tmp"],
          },
        },
        { ...childOptions, dependsOn: [serverSet] },
      );
    }
  }

  /**
   * The store as one consumer sees it, with the consumer's own key pair.
   * @throws ResourceError when no key was declared for it.
   */
  access(consumer: Consumer): S3Endpoint {
    return this.ofConsumer(this.#endpoints, consumer, "objectStore", "key");
  }
}

/** An S3 service that exists already, with the keys that it gave out. */
export interface ExistingObjectStoreArgs<Consumer extends string> {
  readonly protocol: "http" | "https";
  /** DNS name, reachable from pods. */
  readonly host: string;
  readonly port: number;
  /** Region that requests are signed for. */
  readonly region: string;
  /** Whether buckets are path segments, not host names. */
  readonly pathStyle: boolean;
  /** Each consumer's Secret in the platform's namespace, with keys `accessKey` and `secretKey`. */
  readonly secretNames: Readonly<Record<Consumer, string>>;
  /** Whether these Secrets have a third key, `sessionToken`, as keys that end have. @default false */
  readonly temporaryKeys?: boolean;
  /** Authority that has signed the service's certificate, in PEM. @default - a public one */
  readonly ca?: SecretKeyRef;
}

/** An S3 service that exists already, as the endpoints that the components take. Its buckets must exist. */
export function existingObjectStore<Consumer extends string>(
  args: ExistingObjectStoreArgs<Consumer>,
): S3Source<Consumer> {
  return {
    access: (consumer) => ({
      kind: "s3",
      protocol: pulumi.output<"http" | "https">(args.protocol),
      host: pulumi.output(args.host),
      port: pulumi.output(args.port),
      region: pulumi.output(args.region),
      pathStyle: args.pathStyle,
      ...(args.ca && { ca: args.ca }),
      at: outsideAt([args.host], [args.port], "S3"),
      credentials: {
        ...keyRef({ secretName: pulumi.output(args.secretNames[consumer]) }),
        ...(args.temporaryKeys === true && { sessionTokenField: SESSION_TOKEN }),
      },
      ready: [],
    }),
  };
}

interface KeyPair {
  readonly accessKey: pulumi.Output<string>;
  readonly secretKey: pulumi.Output<string>;
}

function keyRef(secret: Pick<AccessKeyRef, "secretName" | "give">): AccessKeyRef {
  return { ...secret, accessKeyField: ACCESS_KEY, secretKeyField: SECRET_KEY };
}

function createKeySecret(
  store: string,
  consumer: string,
  namespace: pulumi.Input<string>,
  keys: KeyPair,
  opts: pulumi.CustomResourceOptions,
): Pick<AccessKeyRef, "secretName" | "give"> {
  const name = s3KeySecretName(consumer, store);
  return givableSecret(
    name,
    {
      name,
      namespace,
      labels: labels(store, CREDENTIAL.key),
      stringData: { [ACCESS_KEY]: pulumi.secret(keys.accessKey), [SECRET_KEY]: pulumi.secret(keys.secretKey) },
    },
    opts,
  );
}

/**
 * What the proof is to know of the object store.
 * @param store As the proof's own key sees it.
 * @param bucket A bucket that this key must be able to read and write.
 */
export function provenStore(store: S3Endpoint, bucket = "lake"): Proven {
  const { protocol, host, port, region, pathStyle, at, ready } = store;
  const { secretName, accessKeyField, secretKeyField } = store.credentials;
  return proven<typeof objectStoreHops>("objectStore", {
    settings: { protocol, host, port, region, pathStyle, bucket },
    env: s3ClientEnv(store),
    secrets: { accessKey: { secretName, key: accessKeyField }, secretKey: { secretName, key: secretKeyField } },
    ready,
    reaches: [at],
  });
}
