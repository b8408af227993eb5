/** Spark on Kubernetes: what all applications share, namely settings, the executors' template and the account. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { CatalogEndpoint } from "../catalog/endpoint.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import { SPARK_OVERHEAD_MI, sparkExecutorResources } from "./service.ts";
import { type CollectorChoice, jvmOptions } from "../../platform/jvm.ts";
import { labels } from "../../platform/names.ts";
import { programText } from "../../platform/program.ts";
import { giver, nameIn, ownQuarters, type Quarters } from "../../platform/quarters.ts";
import { mebibytes, quantityOf } from "../../platform/quantity.ts";
import { keyFields, s3aSettings, s3Trust } from "../object-store/s3-settings.ts";
import { sparkVersions } from "./image/versions.ts";
import { bakedPackages, type SparkPackage, sparkPackageProblems } from "./spark-packages.ts";
import type { Scheduling } from "../../platform/scheduling.ts";
import { configMap, type PodArgs, podTemplate } from "../../platform/workload.ts";
import type { SparkEndpoint } from "./endpoint.ts";

/** User of `apache/spark`. */
export const SPARK_UID = 185;
/** Where drivers find the shared settings. */
export const SETTINGS_PATH = "/opt/millrace/spark";
export const DEFAULTS_FILE = `${SETTINGS_PATH}/spark-defaults.conf`;
/** Program of a driver whose executors are in another namespace. */
export const CLEARING = "clear_executors.py";
export const DRIVER_PORT = 7078;
export const BLOCK_MANAGER_PORT = 7079;
export const UI_PORT = 4040;
/** Where drivers have their figures, at the port of their page. */
export const METRICS_PATH = "/metrics/prometheus";
const METRICS = {
  "spark.metrics.conf.driver.sink.prometheusServlet.class": "org.apache.spark.metrics.sink.PrometheusServlet",
  "spark.metrics.conf.driver.sink.prometheusServlet.path": METRICS_PATH,
  // By default its id, which each start has another one of.
  "spark.metrics.namespace": "spark",
  "spark.sql.streaming.metricsEnabled": "true",
} as const;
export const EXECUTOR = "executor";
/** Spark refuses a driver or executor with less heap than this. */
const LEAST_HEAP_MEBIBYTES = 450;
/** In the platform's own image. */
const LAKE_CATALOG = "millrace.LakeCatalog";
/** Folders that every Spark process writes to. */
export const SPARK_SCRATCH: readonly string[] = ["/tmp", "/opt/spark/work-dir"];
/** Most that each of them holds: what a driver that works alone shuffles is in one. */
export const SPARK_SCRATCH_SIZE = "20Gi";

/** What a driver does with its executors. */
const RULES = [
  {
    apiGroups: [""],
    resources: ["pods"],
    verbs: ["create", "get", "list", "watch", "patch", "delete", "deletecollection"],
  },
  // At its end it removes Services by its own label, though a driver in client mode makes none.
  { apiGroups: [""], resources: ["services"], verbs: ["deletecollection"] },
];

export interface SparkArgs {
  readonly namespace: pulumi.Input<string>;
  /** An image with the contract of `apache/spark`, and in its jars the connectors of `packages` and the platform's own classes. */
  readonly image: pulumi.Input<string>;
  /** Where applications read and write, with Spark's own key. */
  readonly objectStore: S3Endpoint;
  readonly catalog: CatalogEndpoint;
  /** Name of the catalog in SQL. @default "lake" */
  readonly catalogName?: string;
  readonly executors: {
    /** Heap of an executor, for example `768Mi`; its container gets Spark's overhead on top. */
    readonly memory: string;
    /** Tasks that an executor runs at a time. @default 1 */
    readonly cores?: number;
    /** CPU that is requested for an executor; its limit is a core for each task. @default "80m" */
    readonly cpuRequest?: string;
  };
  /** Garbage collector of drivers and executors. @default "auto": by the size of the heap and the CPU limit */
  readonly collector?: CollectorChoice;
  /** Version of Spark in the image. @default - the platform's own */
  readonly version?: string;
  /** Connectors in the image. @default - those of the platform's own image */
  readonly packages?: readonly SparkPackage[];
  /**
   * Whether the image has the platform's own catalog class, `millrace.LakeCatalog`, whose new columns of time are without
   * zone. @default false
   */
  readonly hasLakeCatalog?: boolean;
  /** Namespace of executors. @default - beside their drivers */
  readonly executorsIn?: () => Quarters;
  /** Where executors run. @default - anywhere */
  readonly scheduling?: Scheduling | undefined;
  /** Further settings by Spark's own names; they win over the component's. @default - none */
  readonly settings?: Readonly<Record<string, string>>;
}

/** What is wrong with the arguments; empty when nothing is. */
export function sparkProblems(args: Pick<SparkArgs, "catalogName" | "version" | "packages" | "executors">): string[] {
  const catalogName = args.catalogName ?? "lake";
  const problems = sparkPackageProblems(args.version ?? sparkVersions.spark, args.packages ?? bakedPackages, [
    "s3",
    "hive-metastore",
    "kafka",
  ]);
  if (!/^[a-z][a-z0-9_]*$/.test(catalogName)) {
    problems.push(`spark: catalogName "${catalogName}" is not a name in SQL; use lower-case letters, digits and _`);
  }
  const { memory, cores = 1 } = args.executors;
  if (!Number.isInteger(cores) || cores < 1) {
    problems.push(`spark: executors.cores is ${cores}; give a whole number from 1`);
  }
  return [...problems, ...heapProblems("spark: executors.memory", memory)];
}

/** What is wrong with the heap of a Spark process; empty when nothing is. */
export function heapProblems(what: string, memory: string): string[] {
  const bytes = quantityOf(memory);
  if (bytes !== undefined && bytes >= LEAST_HEAP_MEBIBYTES * 2 ** 20) return [];
  return [`${what} is "${memory}"; Spark needs a heap of at least ${LEAST_HEAP_MEBIBYTES}Mi, for example "640Mi"`];
}

/** Spark's own form of settings, sorted so that equal settings are equal texts. */
export function sparkProperties(settings: Readonly<Record<string, string>>): string {
  return Object.keys(settings)
    .sort()
    .map((key) => `${key} ${settings[key] ?? ""}\n`)
    .join("");
}

/** Settings by which Spark's S3 client finds a store; keys come from the environment. */
export function sparkS3Settings(endpoint: S3Endpoint): Record<string, pulumi.Input<string>> {
  return Object.fromEntries(
    Object.entries(s3aSettings(endpoint)).map(([key, value]) => [`spark.hadoop.${key}`, value]),
  );
}

/** Settings that give executors a consumer's key, in the environment and by reference. */
export function executorKeySettings(endpoint: S3Endpoint): Record<string, pulumi.Input<string>> {
  const { credentials } = endpoint;
  return Object.fromEntries(
    Object.entries(keyFields(credentials)).map(([name, field]) => [
      `spark.kubernetes.executor.secretKeyRef.${name}`,
      pulumi.interpolate`${credentials.secretName}:${field}`,
    ]),
  );
}

/**
 * A pod as a template file. Its readers read YAML, which JSON is.
 * @param names What a reader goes by. @default - no name and namespace, and the component's name for the container
 */
export function podTemplateFile(
  pod: PodArgs,
  names: { readonly name?: string; readonly namespace?: pulumi.Input<string>; readonly container?: string } = {},
): pulumi.Output<string> {
  const { name, namespace, container = pod.component } = names;
  return pulumi.output({ template: podTemplate(pod), namespace }).apply(({ template, namespace: where }) => {
    const metadata = { name, namespace: where, ...template.metadata };
    const containers = template.spec?.containers.map((one) => ({ ...one, name: container }));
    return JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata, spec: { ...template.spec, containers } }, null, 2);
  });
}

/** The shared part of Spark; applications are `SparkApplication`s. */
export class Spark extends Component {
  readonly endpoint: SparkEndpoint;

  /** @throws ResourceError when the arguments are wrong or the image lacks a connector. */
  constructor(name: string, args: SparkArgs, opts?: ComponentOptions) {
    const { catalogName = "lake" } = args;
    const { memory, cores = 1, cpuRequest } = args.executors;
    super("Spark", name, { catalogName, memory, cores }, opts);
    const problems = sparkProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const namespace = pulumi.output(args.namespace);
    const resources = sparkExecutorResources({ executorMemory: memory, executorCores: cores }, cpuRequest);

    const beside = ownQuarters(namespace);
    const executors = args.executorsIn ?? (() => beside);
    const accounts = new Map<string, pulumi.Output<string>>();
    let rights: pulumi.Output<string> | undefined;
    const defaults = pulumi.output(createSettings()).apply((settings) => sparkProperties(settings));
    const executor = executorTemplate();
    const settingsMap = {
      labels: labels(name, "settings"),
      data: {
        "spark-defaults.conf": defaults,
        "executor-pod.yaml": executor,
        [CLEARING]: programText(import.meta.dirname, CLEARING),
      },
    };
    const settings = configMap(`${name}-settings`, { namespace, ...settingsMap }, childOptions);
    this.endpoint = {
      kind: "spark",
      service: name,
      namespace,
      image: pulumi.output(args.image),
      objectStore: args.objectStore,
      catalog: args.catalog,
      catalogName,
      ...(args.hasLakeCatalog === true && { lakeCatalog: LAKE_CATALOG }),
      collector: args.collector ?? "auto",
      executors,
      executorResources: resources,
      accountIn,
      give: giver((to) => {
        const there = { name: `${name}-settings`, namespace: to.namespace, ...settingsMap };
        configMap(nameIn(to, `${name}-settings`), there, childOptions);
      }),
      settingsName: settings.metadata.name,
      settingsText: pulumi.interpolate`${defaults}${executor}`,
    };
    const { settingsName } = this.endpoint;
    this.registerOutputs({ settingsName });

    /** Its name settles when it has its rights, so that drivers start only then. */
    function accountIn(place: Quarters): pulumi.Output<string> {
      const resource = nameIn(place, name);
      const known = accounts.get(resource);
      if (known !== undefined) return known;
      const meta = (at: Quarters) => ({ namespace: at.namespace, labels: labels(name, "driver") });
      const account = new k8s.core.v1.ServiceAccount(
        resource,
        { metadata: { name, ...meta(place) }, automountServiceAccountToken: false },
        childOptions,
      );
      const there = executors();
      rights ??= new k8s.rbac.v1.Role(name, { metadata: { name, ...meta(there) }, rules: RULES }, childOptions).metadata
        .name;
      const binding = new k8s.rbac.v1.RoleBinding(
        resource,
        {
          metadata: { name: resource, ...meta(there) },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: rights },
          subjects: [{ kind: "ServiceAccount", name: account.metadata.name, namespace: place.namespace }],
        },
        childOptions,
      );
      const settled = binding.subjects.apply((subjects) => subjects[0]?.name ?? name);
      accounts.set(resource, settled);
      return settled;
    }

    function createSettings(): Record<string, pulumi.Input<string>> {
      const catalog = `spark.sql.catalog.${catalogName}`;
      return {
        "spark.master": "k8s://https://kubernetes.default.svc:443",
        "spark.submit.deployMode": "client",
        "spark.kubernetes.container.image": args.image,
        // By default ten seconds, which a busy node does not keep; the driver would end at its start.
        "spark.kubernetes.driver.connectionTimeout": "60000",
        "spark.kubernetes.driver.requestTimeout": "60000",
        "spark.kubernetes.executor.podTemplateFile": `${SETTINGS_PATH}/executor-pod.yaml`,
        "spark.kubernetes.executor.podTemplateContainerName": "executor",
        // It would hold settings of Hadoop, and drivers would need the right to make any ConfigMap.
        "spark.kubernetes.executor.disableConfigMap": "true",
        "spark.kubernetes.driver.ownPersistentVolumeClaim": "false",
        "spark.kubernetes.driver.reusePersistentVolumeClaim": "false",
        "spark.kubernetes.executor.request.cores": resources.requests.cpu,
        "spark.kubernetes.executor.limit.cores": resources.limits.cpu,
        ...executorKeySettings(args.objectStore),
        "spark.executorEnv.AWS_REGION": args.objectStore.region,
        "spark.executor.cores": String(cores),
        "spark.executor.memory": `${mebibytes(memory)}m`,
        "spark.executor.memoryOverhead": `${SPARK_OVERHEAD_MI}m`,
        "spark.driver.port": String(DRIVER_PORT),
        // Executors' too: by default they listen on any port, which no policy can name.
        "spark.blockManager.port": String(BLOCK_MANAGER_PORT),
        "spark.driver.blockManager.port": String(BLOCK_MANAGER_PORT),
        "spark.ui.port": String(UI_PORT),
        ...METRICS,
        "spark.executor.extraJavaOptions": jvmOptions({
          heap: mebibytes(memory),
          cpu: resources.limits.cpu,
          collector: args.collector,
        }).join(" "),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        [catalog]: "org.apache.iceberg.spark.SparkCatalog",
        [`${catalog}.type`]: "hive",
        [`${catalog}.uri`]: args.catalog.uri,
        [`${catalog}.warehouse`]: args.catalog.warehouse,
        ...sparkS3Settings(args.objectStore),
        ...args.settings,
      };
    }

    /** Spark fills in image, command, environment and resources; the template adds what makes the pod restricted. */
    function executorTemplate(): pulumi.Output<string> {
      return podTemplateFile({
        service: name,
        component: EXECUTOR,
        image: args.image,
        uid: SPARK_UID,
        ...s3Trust(args.objectStore, "java"),
        resources,
        restartPolicy: "Never",
        scratch: SPARK_SCRATCH,
        scratchSize: SPARK_SCRATCH_SIZE,
        scheduling: args.scheduling,
      });
    }
  }
}
