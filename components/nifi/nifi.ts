/** NiFi: flows that bring files and posts in, drawn on its canvas or kept as code. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { PublishedAddress, Ready } from "../../platform/endpoints.ts";
import { type Exposure, publicUrl, publish } from "../../platform/exposure.ts";
import { accountPasswords } from "../../platform/generated-secret.ts";
import { type CollectorChoice, jvmOptions } from "../../platform/jvm.ts";
import { labels, ROBOT, selector, serviceHost } from "../../platform/names.ts";
import { podsAt, statusEdge } from "../../platform/network.ts";
import { ownCertificate } from "../../platform/own-certificate.ts";
import { heapMebibytes } from "../../platform/quantity.ts";
import { jsonSchemaOf } from "../../platform/records/json-schema.ts";
import type { RecordDefinition } from "../../platform/records/definition.ts";
import type { DataSettings, Storage } from "../../platform/storage.ts";
import {
  configMap,
  deployment,
  httpProbes,
  job,
  type PodArgs,
  type Resources,
  service,
  statefulSet,
  tcpProbe,
} from "../../platform/workload.ts";
import type { KafkaEndpoint } from "../kafka/endpoint.ts";
import { kafkaEnv } from "../kafka/kafka-env.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import { awsKeyEnv, s3Trust, s3Url } from "../object-store/s3-settings.ts";
import type { NifiEndpoint } from "./endpoint.ts";
import {
  ACCOUNTS_PATH,
  CERTIFICATE_PATH,
  DATA_PATH,
  nifiProperties,
  NIFI_PORT,
  POSTS_PORT,
  SENSITIVE_KEY_FILE,
  SETTINGS_PATH,
} from "./nifi-settings.ts";
import { DELIVERIES_TOPIC, DROP_PREFIX, KEPT_PREFIX, REJECTED_TOPIC, SUPERVISOR, SUPERVISOR_PORT } from "./names.ts";

const ROLE = "server";
const WATCHER = "supervisor";
const PROGRAMS = "/opt/millrace/components/nifi/programs";
const DATA_VOLUME = "data";
/** User and group of NiFi in the official image. */
const UID = 1000;
/** Share of the container's memory that is heap: classes of its hundred archives, threads and buffers are outside of it. */
const HEAP_SHARE = 0.45;
/** Account of people, beside the platform's own. */
const ADMIN = "admin";
const FLOWS_PATH = "/etc/millrace-flows";

/** Files and parameters of flows, as a pod has them. */
interface Wanted {
  readonly env: NonNullable<PodArgs["env"]>;
  readonly config: pulumi.Output<string>;
  readonly volume: NonNullable<PodArgs["volumes"]>[number];
  readonly mount: NonNullable<PodArgs["mounts"]>[number];
}

export interface NifiArgs {
  readonly namespace: pulumi.Input<string>;
  /** An image with NiFi 2 and the platform's own processors, started as `/opt/nifi/start`. */
  readonly image: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly toolsImage: pulumi.Input<string>;
  readonly exposure: Exposure;
  /** Further names by which its page is reached: `host`, or `host:port`. @default - those that are published */
  readonly hosts?: readonly string[];
  readonly storage: Storage;
  /** How flows, and what is on its way in them, are kept. */
  readonly data: DataSettings;
  readonly resources: Resources;
  readonly setupResources: Resources;
  /** Requests and limits of what watches over the flows. */
  readonly supervisorResources: Resources;
  /** Garbage collector of the JVM. @default "auto": by the size of the heap and the CPU limit */
  readonly collector?: CollectorChoice;
  readonly kafka: KafkaEndpoint;
  /** Where files are dropped, with NiFi's own key. */
  readonly objectStore: S3Endpoint;
  /** Bucket of the files. */
  readonly bucket: string;
  /** Topic of the records, and what they look like. */
  readonly topic: { readonly name: string; readonly record: RecordDefinition };
  /** Most bytes of a file or a post. */
  readonly mostBytes: number;
  /** Flow definitions by the names of their files. */
  readonly flows: Readonly<Record<string, string>>;
  /** What must be there before flows run, beside Kafka and S3: the topics. @default - nothing */
  readonly waitFor?: Ready;
}

/**
 * One NiFi with its repositories on a claim: what a flow has taken is on the disk before its sender is answered. A supervisor puts the
 * flows of the files onto the canvas, and keeps them there; what people have changed stays. A Job fails with NiFi's words where one can't run.
 */
export class Nifi extends Component {
  readonly endpoint: NifiEndpoint;
  /** Where people find its canvas. */
  readonly address: PublishedAddress;
  /** Where programs outside the cluster post. */
  readonly postsAddress: PublishedAddress;

  constructor(name: string, args: NifiArgs, opts?: ComponentOptions) {
    super("Nifi", name, { data: args.data, topic: args.topic.name, flows: Object.keys(args.flows) }, opts);
    const { namespace, exposure, kafka, objectStore } = args;
    const childOptions = { parent: this };
    const settingsName = `${name}-settings`;
    const setupName = `${name}-flows`;
    const headless = `${name}-nodes`;
    const meta = { namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };
    const role = { service: name, component: ROLE };
    const at = podsAt(role, [NIFI_PORT], "NiFi's API");
    const postsAt = podsAt(role, [POSTS_PORT], "posts to NiFi");
    // Its certificate has this name, and no namespace.
    const url = `https://${name}:${NIFI_PORT}`;
    const hostOf = (service: string) => pulumi.output(namespace).apply((ns) => serviceHost(service, ns));
    const posts = pulumi.interpolate`http://${hostOf(name)}:${POSTS_PORT}`;
    const watcherUrl = pulumi.interpolate`http://${hostOf(SUPERVISOR)}:${SUPERVISOR_PORT}`;
    const users = accountPasswords(
      `${name}-users`,
      {
        namespace,
        labels: labels(name, "users"),
        accounts: { [ADMIN]: `${name}-${ADMIN}-password`, [ROBOT]: `${name}-${ROBOT}-password` },
      },
      childOptions,
    );
    const certificateName = `${name}-certificate`;
    const outside = exposure.kind === "nodePort" ? [exposure.host] : [];
    const ca = ownCertificate(
      {
        namespace,
        name: certificateName,
        labels: labels(name, "certificate"),
        hosts: [name, ...new Set(["localhost", "127.0.0.1", ...outside])],
      },
      childOptions,
    );
    service(name, { ...meta, ports: { https: NIFI_PORT, posts: POSTS_PORT } }, childOptions);
    service(headless, { ...meta, ports: { https: NIFI_PORT }, headless: true }, childOptions);
    const server = createServer();
    const wanted = wantedFlows();
    const supervisor = createSupervisor(wanted);
    const supervised = podsAt({ service: SUPERVISOR, component: WATCHER }, [SUPERVISOR_PORT], "NiFi's flows");
    // `npm run status` asks it how the flows are.
    this.edges.push(statusEdge(supervised));
    const flows = createFlows(wanted, supervisor);
    this.address = publish(
      exposure,
      { ...meta, service: name, nodePort: "nifi", port: NIFI_PORT, title: "NiFi", scheme: "https" },
      childOptions,
    );
    this.postsAddress = publish(
      exposure,
      {
        ...meta,
        service: name,
        part: "posts",
        nodePort: "nifiPosts",
        port: POSTS_PORT,
        title: "Posts to NiFi",
        scheme: "http",
      },
      childOptions,
    );
    this.endpoint = {
      kind: "nifi",
      posts,
      at: postsAt,
      page: { at, host: pulumi.interpolate`${hostOf(name)}:${NIFI_PORT}` },
      ready: [flows],
      watcher: { at: supervised, url: watcherUrl },
    };
    this.registerOutputs({ url, posts });

    function createServer(): k8s.apps.v1.StatefulSet {
      const properties = nifiProperties({ hosts: hosts() });
      const settings = new k8s.core.v1.ConfigMap(
        settingsName,
        {
          metadata: { name: settingsName, namespace, labels: labels(name, ROLE) },
          data: { "nifi.properties": properties },
        },
        childOptions,
      );
      const { cpu, memory } = args.resources.limits;
      const heap = heapMebibytes(memory, HEAP_SHARE);
      return statefulSet(
        {
          name,
          namespace,
          replicas: 1,
          headlessService: headless,
          data: args.storage.volume(DATA_VOLUME, args.data),
          pod: {
            ...role,
            reaches: [kafka.at, objectStore.at],
            image: args.image,
            uid: UID,
            env: [
              ...kafkaEnv(kafka),
              ...awsKeyEnv(objectStore),
              { name: "NIFI_SETTINGS", value: SETTINGS_PATH },
              { name: "NIFI_CERTIFICATE", value: CERTIFICATE_PATH },
              { name: "NIFI_SENSITIVE_KEY_FILE", value: SENSITIVE_KEY_FILE },
              {
                name: "JAVA_OPTIONS",
                value: [`-Xms128m -Xmx${heap}m`, ...jvmOptions({ heap, cpu, collector: args.collector })].join(" "),
              },
            ],
            ...s3Trust(objectStore, "java"),
            ports: { https: NIFI_PORT, posts: POSTS_PORT },
            resources: args.resources,
            probes: {
              startup: tcpProbe(NIFI_PORT, { periodSeconds: 3, failureThreshold: 200 }),
              readiness: tcpProbe(NIFI_PORT, { periodSeconds: 10 }),
              liveness: tcpProbe(NIFI_PORT, { periodSeconds: 20, failureThreshold: 6 }),
            },
            config: properties,
            volumes: [
              { name: "settings", configMap: { name: settings.metadata.name } },
              { name: "accounts", secret: { secretName: users.secretName } },
              { name: "certificate", secret: { secretName: ca.secretName } },
            ],
            mounts: [
              { name: DATA_VOLUME, mountPath: DATA_PATH },
              { name: "settings", mountPath: SETTINGS_PATH, readOnly: true },
              { name: "accounts", mountPath: ACCOUNTS_PATH, readOnly: true },
              { name: "certificate", mountPath: CERTIFICATE_PATH, readOnly: true },
            ],
            scratch: ["/tmp"],
            // What is in a flow is put down before it ends.
            terminationGracePeriodSeconds: 60,
          },
        },
        childOptions,
      );
    }

    /** Hosts that requests name: NiFi takes no others. */
    function hosts(): string[] {
      const inside = [`${name}:${NIFI_PORT}`, `localhost:${NIFI_PORT}`, ...(args.hosts ?? [])];
      if (exposure.kind === "nodePort") return [...inside, `${exposure.host}:${exposure.ports["nifi"]}`];
      const page = publicUrl(exposure, "nifi");
      return page === undefined ? inside : [...inside, new URL(page).host];
    }

    /** What there should be, for the programs that see to it. */
    function wantedFlows(): Wanted {
      configMap(setupName, { ...meta, labels: labels(setupName, "setup"), data: { ...args.flows } }, childOptions);
      const record = args.topic.record;
      const parameters: Record<string, pulumi.Input<string>> = {
        "kafka.bootstrap": kafka.bootstrapServers,
        "kafka.topic": args.topic.name,
        "kafka.key.field": record.key,
        "kafka.rejected": REJECTED_TOPIC,
        "kafka.deliveries": DELIVERIES_TOPIC,
        "s3.url": s3Url(objectStore),
        "s3.region": objectStore.region,
        "s3.bucket": args.bucket,
        "intake.drop": DROP_PREFIX,
        "intake.kept": KEPT_PREFIX,
        "intake.most.bytes": String(args.mostBytes),
        "intake.posts.port": String(POSTS_PORT),
        "intake.schema": JSON.stringify(jsonSchemaOf(record)),
      };
      const values = pulumi.output(parameters).apply((known) => JSON.stringify(known));
      return {
        env: [
          { name: "NIFI_PARAMETERS", value: values },
          { name: "FLOWS_FOLDER", value: FLOWS_PATH },
        ],
        config: values.apply((known) => [known, ...Object.values(args.flows)].join("\n")),
        volume: { name: "flows", configMap: { name: setupName } },
        mount: { name: "flows", mountPath: FLOWS_PATH, readOnly: true },
      };
    }

    function createSupervisor(wanted: Wanted): k8s.apps.v1.Deployment {
      const own = { namespace, labels: labels(SUPERVISOR, WATCHER), selector: selector(SUPERVISOR, WATCHER) };
      service(SUPERVISOR, { ...own, ports: { http: SUPERVISOR_PORT } }, childOptions);
      return deployment(
        {
          name: SUPERVISOR,
          namespace,
          replicas: 1,
          // Two with different files would change each other's flows.
          strategy: "Recreate",
          pod: {
            service: SUPERVISOR,
            component: WATCHER,
            reaches: [at, kafka.at],
            image: args.toolsImage,
            command: ["node", `${PROGRAMS}/supervisor.ts`],
            env: [
              { name: "NIFI_URL", value: url },
              { name: "NIFI_USER", value: ROBOT },
              { name: "NIFI_PASSWORD_FILE", value: `${ACCOUNTS_PATH}/${ROBOT}` },
              { name: "NODE_EXTRA_CA_CERTS", value: `${CERTIFICATE_PATH}/${ca.key}` },
              { name: "REJECTED_TOPIC", value: REJECTED_TOPIC },
              { name: "PORT", value: String(SUPERVISOR_PORT) },
              ...kafkaEnv(kafka),
              ...wanted.env,
            ],
            ports: { http: SUPERVISOR_PORT },
            probes: httpProbes(SUPERVISOR_PORT, "/healthz"),
            resources: args.supervisorResources,
            config: pulumi.all([wanted.config, users.fingerprint]).apply((all) => all.join("\n")),
            volumes: [
              wanted.volume,
              { name: "account", secret: { secretName: users.secretName, items: [{ key: ROBOT, path: ROBOT }] } },
              { name: "certificate", secret: { secretName: ca.secretName, items: [{ key: ca.key, path: ca.key }] } },
            ],
            mounts: [
              wanted.mount,
              { name: "account", mountPath: ACCOUNTS_PATH, readOnly: true },
              { name: "certificate", mountPath: CERTIFICATE_PATH, readOnly: true },
            ],
            scratch: ["/tmp"],
          },
        },
        { ...childOptions, dependsOn: [...kafka.ready, ...objectStore.ready, ...(args.waitFor ?? [])] },
      );
    }

    function createFlows(wanted: Wanted, supervisor: pulumi.Resource): k8s.batch.v1.Job {
      return job(
        {
          name: setupName,
          namespace,
          // What NiFi refuses it refuses again.
          retries: 0,
          pod: {
            service: setupName,
            component: "setup",
            reaches: [supervised],
            image: args.toolsImage,
            command: ["node", `${PROGRAMS}/flows.ts`],
            env: [{ name: "SUPERVISOR_URL", value: watcherUrl }, ...wanted.env],
            resources: args.setupResources,
            config: wanted.config,
            volumes: [wanted.volume],
            mounts: [wanted.mount],
            scratch: ["/tmp"],
          },
        },
        // The supervisor of before has other files.
        { ...childOptions, dependsOn: [server, supervisor] },
      );
    }
  }
}
