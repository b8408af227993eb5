/**
 * What a program of a person (a notebook, a task of a DAG) is told about the platform: a ConfigMap with the addresses of
 * its services, read by the Python library `millrace`. Keys and tokens come as environment variables from Secrets.
 */
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { KafkaEndpoint } from "../kafka/endpoint.ts";
import { kafkaSecretEnv } from "../kafka/kafka-env.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import type { PrestoEndpoint } from "../presto/endpoint.ts";
import type { SparkConnectEndpoint } from "../spark-connect/endpoint.ts";
import type { PublishedAddress, SecretKeyRef } from "../../platform/endpoints.ts";
import { labels } from "../../platform/names.ts";
import { type Destination, destinationsOf, world } from "../../platform/network.ts";
import { type Givable, giver, nameIn, type Quarters } from "../../platform/quarters.ts";
import { keyEnv, s3Trust, s3Url } from "../object-store/s3-settings.ts";
import type { Trust } from "../../platform/trust.ts";
import { configMap, type EnvVar, secretEnv, type Volume, type VolumeMount } from "../../platform/workload.ts";

const VOLUME = "client-endpoints";
const FOLDER = "/etc/millrace";
const FILE = "endpoints.json";

export interface ClientEndpointsConfigArgs {
  readonly namespace: pulumi.Input<string>;
  /** @default - programs are told that there is no Kafka */
  readonly kafka?: KafkaEndpoint;
  /** @default - programs are told that there is no Presto */
  readonly presto?: PrestoEndpoint;
  /** @default - programs are told that there is no Spark */
  readonly spark?: SparkConnectEndpoint;
  /** Where buckets are; programs bring their own keys. */
  readonly objectStore: S3Endpoint;
  /** Where people publish notebooks: `s3://bucket` or `s3://bucket/prefix`. */
  readonly notebooks: string;
  /** Where people reach services from outside the cluster; one that has no such address is left out. @default - nowhere */
  readonly published?: Readonly<Partial<Record<PublishedService, PublishedAddress | undefined>>>;
  /** Catalog of the lake's tables in SQL, for names without a catalog. @default "lake" */
  readonly catalog?: string;
}

/** Services whose addresses outside the cluster programs are told. */
export type PublishedService = "kafka" | "presto" | "s3";

/** What the pods of people's programs mount; `give` makes it in their namespace, with the Secrets of `env` and `trust`. */
export interface ClientEndpoints extends Givable {
  /** ConfigMap with the file `endpoints.json`. */
  readonly configMapName: pulumi.Output<string>;
  /** The file's text; pods that read it once restart when it changes. */
  readonly text: pulumi.Output<string>;
  /** What opens the services that all programs share, from Secrets. */
  readonly env: readonly EnvVar[];
  /** What their pods trust beside the public authorities. @default - nothing */
  readonly trust?: Trust;
  /** What the programs connect to with it. */
  readonly reaches: readonly Destination[];
}

/** The file `endpoints.json`, as the Python library reads it. */
interface EndpointsFile {
  readonly kafka?: {
    readonly bootstrapServers: string;
    readonly securityProtocol: string;
    readonly saslMechanism?: string;
  };
  readonly presto?: { readonly url: string; readonly catalog: string };
  readonly spark?: { readonly url: string };
  readonly s3: { readonly endpoint: string; readonly region: string; readonly pathStyle: boolean };
  readonly notebooks: string;
  readonly published?: Readonly<Partial<Record<PublishedService, string>>>;
}

/** What is wrong with the arguments; empty when nothing is. */
export function clientEndpointsProblems(args: {
  readonly presto?: Pick<PrestoEndpoint, "catalogs">;
  readonly notebooks: string;
  readonly catalog?: string;
}): string[] {
  const { catalog = "lake" } = args;
  const problems: string[] = [];
  if (!/^s3:\/\/[a-z0-9][a-z0-9.-]+(\/[^/]+)*$/.test(args.notebooks)) {
    problems.push(
      `client endpoints: notebooks is "${args.notebooks}"; give a bucket and perhaps a prefix: "s3://notebooks"`,
    );
  }
  if (args.presto !== undefined && !args.presto.catalogs.includes(catalog)) {
    problems.push(
      `client endpoints: Presto has no catalog "${catalog}" (it has ${args.presto.catalogs.join(", ")}); ` +
        "give one of these as catalog",
    );
  }
  return problems;
}

/** The addresses in one ConfigMap. Services that are not there are left out, and the library says so when asked for. */
export class ClientEndpointsConfig extends Component {
  readonly endpoints: ClientEndpoints;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: ClientEndpointsConfigArgs, opts?: ComponentOptions) {
    const { notebooks, catalog = "lake" } = args;
    super("ClientEndpointsConfig", name, { notebooks, catalog }, opts);
    const problems = clientEndpointsProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const { kafka, presto, spark, objectStore } = args;
    const published = pulumi.output(
      Object.fromEntries(Object.entries(args.published ?? {}).map(([key, address]) => [key, address?.url])),
    );
    const text = pulumi
      .all([kafka?.bootstrapServers, presto?.url, spark?.url, s3Url(objectStore), objectStore.region, published])
      .apply(([bootstrapServers, prestoUrl, sparkUrl, endpoint, region, outside]) => {
        const known = Object.fromEntries(Object.entries(outside).filter(([, url]) => url !== undefined));
        const file: EndpointsFile = {
          ...(kafka === undefined || bootstrapServers === undefined
            ? {}
            : {
                kafka: {
                  bootstrapServers,
                  securityProtocol: kafka.securityProtocol,
                  ...(kafka.login && { saslMechanism: kafka.login.mechanism }),
                },
              }),
          ...(prestoUrl === undefined ? {} : { presto: { url: prestoUrl, catalog } }),
          ...(sparkUrl === undefined ? {} : { spark: { url: sparkUrl } }),
          s3: { endpoint, region, pathStyle: objectStore.pathStyle },
          notebooks,
          ...(Object.keys(known).length === 0 ? {} : { published: known }),
        };
        return `${JSON.stringify(file, undefined, 2)}\n`;
      });
    const map = { labels: labels(name, "settings"), data: { [FILE]: text } };
    const config = configMap(name, { namespace: args.namespace, ...map }, { parent: this });
    const giveMap = giver((to) => {
      configMap(nameIn(to, name), { name, namespace: to.namespace, ...map }, { parent: this });
    });
    this.endpoints = {
      configMapName: config.metadata.name,
      text,
      env: kafka === undefined ? [] : kafkaSecretEnv(kafka),
      ...s3Trust(objectStore, "python"),
      give(to) {
        giveMap(to);
        to.give(objectStore.ca, kafka?.login?.username, kafka?.login?.password, kafka?.ca);
      },
      reaches: [...destinationsOf([kafka, presto, spark, objectStore]), world],
    };
    this.registerOutputs({ configMapName: this.endpoints.configMapName });
  }
}

/**
 * What a pod needs so that `import millrace` knows the platform: the addresses at /etc/millrace/endpoints.json, and the
 * program's own keys in the environment, where every AWS SDK looks for them too.
 * @param credentials Key pair of the person or of the DAG; `undefined` where the program gets none, or gets one later.
 * @param sparkToken What Spark Connect asks for. @default - nothing is shown to it
 * @param home Where the person's own files are: `s3://home-ana/`. @default - the program has no home
 * @param place Namespace of the pod, which gets what it refers to. @default - the platform's own
 */
export function clientPodParts(
  clients: ClientEndpoints,
  credentials: S3Endpoint["credentials"] | undefined,
  sparkToken?: SecretKeyRef,
  home?: string,
  place?: Quarters,
): { env: EnvVar[]; volumes: Volume[]; mounts: VolumeMount[] } {
  place?.give(clients, credentials, sparkToken);
  const s3 = clients.text.apply((text) => (JSON.parse(text) as EndpointsFile).s3);
  return {
    env: [
      ...(credentials === undefined ? [] : keyEnv(credentials)),
      ...clients.env,
      { name: "AWS_ENDPOINT_URL", value: s3.endpoint },
      { name: "AWS_REGION", value: s3.region },
      // The name that Python's SDK knows.
      { name: "AWS_DEFAULT_REGION", value: s3.region },
      ...(sparkToken === undefined ? [] : [secretEnv("MILLRACE_SPARK_TOKEN", sparkToken.secretName, sparkToken.key)]),
      ...(home === undefined ? [] : [{ name: "MILLRACE_HOME", value: home }]),
    ],
    volumes: [{ name: VOLUME, configMap: { name: clients.configMapName } }],
    mounts: [{ name: VOLUME, mountPath: FOLDER, readOnly: true }],
  };
}
