/** The pods of Airflow's tasks: their template, the rights of single DAGs, and the accounts that make and read pods. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  AIRFLOW_SCRATCH,
  AIRFLOW_SCRATCH_SIZE,
  AIRFLOW_UID,
  PLATFORM_BUNDLE,
  SPARK_BATCH_PATH,
  TASK_KEYS_PATH,
  TEAM_BUNDLE,
} from "./airflow-settings.ts";
import { type ClientEndpoints, clientPodParts } from "../notebooks/client-endpoints.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import type { SecretKeyRef } from "../../platform/endpoints.ts";
import { labels } from "../../platform/names.ts";
import type { Quarters } from "../../platform/quarters.ts";
import type { Scheduling } from "../../platform/scheduling.ts";
import type { SparkBatchTemplate } from "../spark/spark-batch.ts";
import type { Trust } from "../../platform/trust.ts";
import { type EnvVar, podTemplate, type Resources, type Volume, type VolumeMount } from "../../platform/workload.ts";

type Rule = k8s.types.input.rbac.v1.PolicyRule;

/** What the pod of a task has beside Airflow's settings; with the executor `local` the scheduler has it. */
export interface TaskParts {
  readonly env: readonly EnvVar[];
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
}

/**
 * What people's programs need to find the platform, and the templates of Spark batches.
 * @param common Environment that each pod of Airflow has anyway.
 * @param place Namespace of the pods. @default - the platform's own
 */
export function taskParts(
  clients: ClientEndpoints,
  sparkToken: SecretKeyRef | undefined,
  sparkBatch: SparkBatchTemplate | undefined,
  common: readonly EnvVar[],
  place?: Quarters,
): TaskParts {
  const parts = clientPodParts(clients, undefined, sparkToken, undefined, place);
  // Connections and the library share some: Kubernetes takes each name once.
  const known = new Set(common.map(({ name }) => name));
  const client = { ...parts, env: parts.env.filter(({ name }) => !known.has(name)) };
  if (sparkBatch === undefined) return client;
  return {
    env: client.env,
    volumes: [...client.volumes, { name: "spark-batch", configMap: { name: sparkBatch.configMapName } }],
    mounts: [...client.mounts, { name: "spark-batch", mountPath: SPARK_BATCH_PATH, readOnly: true }],
  };
}

/** The pod of a task as the executor reads it; the executor adds the arguments, the pod's name and its own labels. */
export function taskPodText(
  airflow: string,
  image: pulumi.Input<string>,
  parts: TaskParts,
  resources: Resources,
  scheduling: Scheduling | undefined,
  trust: Trust | undefined,
): pulumi.Output<string> {
  const template = podTemplate({
    service: airflow,
    component: "task",
    trust,
    image,
    uid: AIRFLOW_UID,
    env: parts.env,
    volumes: parts.volumes,
    mounts: parts.mounts,
    resources,
    restartPolicy: "Never",
    scratch: AIRFLOW_SCRATCH,
    scratchSize: AIRFLOW_SCRATCH_SIZE,
    scheduling,
  });
  // A YAML reader reads JSON.
  return pulumi.output(template).apply((pod) => JSON.stringify({ apiVersion: "v1", kind: "Pod", ...pod }, null, 2));
}

/** What single DAGs and all DAGs of the bucket may do beyond what every task may. */
export interface TaskRights {
  /** Keys of DAGs of the image, by DAG id. */
  readonly jobKeys: Readonly<Record<string, S3Endpoint>>;
  /** Key of all DAGs of the bucket. @default - they have none */
  readonly dagBucketKey?: S3Endpoint;
  /** DAGs of the image whose tasks may make pods. @default - none */
  readonly podDags?: readonly string[];
}

/** Which DAG's task pods get which key and account, as `airflow_local_settings.py` reads it. */
export function taskRightsText(airflow: string, rights: TaskRights): pulumi.Output<string> {
  const { jobKeys, dagBucketKey, podDags = [] } = rights;
  const dags = [...new Set([...Object.keys(jobKeys), ...podDags])].sort().map((dag) => {
    const key = jobKeys[dag]?.credentials;
    return [
      dag,
      {
        ...(key === undefined ? {} : { key }),
        ...(podDags.includes(dag) ? { account: accountName(airflow, "task") } : {}),
      },
    ] as const;
  });
  return pulumi
    .output({
      [PLATFORM_BUNDLE]: { dags: Object.fromEntries(dags) },
      ...(dagBucketKey === undefined ? {} : { [TEAM_BUNDLE]: { every: { key: dagBucketKey.credentials } } }),
    })
    .apply((texts) => JSON.stringify(texts));
}

/** The keys of all DAGs as files, for tasks inside the scheduler, as `task_keys.py` reads them. */
export function taskKeyFiles({ jobKeys, dagBucketKey }: TaskRights): TaskParts {
  const keys = [
    ...Object.entries(jobKeys).map(([dag, endpoint]) => ({ folder: `${PLATFORM_BUNDLE}/dags/${dag}`, endpoint })),
    ...(dagBucketKey === undefined ? [] : [{ folder: `${TEAM_BUNDLE}/every`, endpoint: dagBucketKey }]),
  ];
  if (keys.length === 0) return { env: [], volumes: [], mounts: [] };
  const sources = keys.map(({ folder, endpoint: { credentials } }) => ({
    secret: {
      name: credentials.secretName,
      items: [
        { key: credentials.accessKeyField, path: `${folder}/accessKey` },
        { key: credentials.secretKeyField, path: `${folder}/secretKey` },
        ...(credentials.sessionTokenField === undefined
          ? []
          : [{ key: credentials.sessionTokenField, path: `${folder}/sessionToken` }]),
      ],
    },
  }));
  return {
    env: [{ name: "TASK_KEYS_FOLDER", value: TASK_KEYS_PATH }],
    volumes: [{ name: "task-keys", projected: { sources } }],
    mounts: [{ name: "task-keys", mountPath: TASK_KEYS_PATH, readOnly: true }],
  };
}

const POD_RULES: readonly Rule[] = [
  { apiGroups: [""], resources: ["pods"], verbs: ["create", "get", "list", "watch", "patch", "delete"] },
  { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
  { apiGroups: [""], resources: ["events"], verbs: ["get", "list", "watch"] },
];

/** Rights of each account; no account can enter a pod or read a Secret. */
const RULES = {
  /** Makes and watches task pods. */
  scheduler: POD_RULES,
  /** Makes the pods of its own task, such as a Spark driver. */
  task: POD_RULES,
  /** Shows the log of a task that runs. */
  "api-server": [
    { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
    { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
  ],
} as const satisfies Readonly<Record<string, readonly Rule[]>>;

/** Name of the account of a part of Airflow; tasks that make pods themselves are the part `task`. */
export function accountName(airflow: string, part: keyof typeof RULES): string {
  return `${airflow}-${part}`;
}

/**
 * The account of a part of Airflow, with its rights. Its name settles when the rights are there.
 * @param namespace Where the part's pods are.
 * @param tasks Where the pods are that it has rights on.
 */
export function account(
  airflow: string,
  part: keyof typeof RULES,
  namespace: pulumi.Input<string>,
  tasks: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const name = accountName(airflow, part);
  const meta = { name, namespace, labels: labels(airflow, part) };
  const metadata = { ...meta, namespace: tasks };
  const made = new k8s.core.v1.ServiceAccount(name, { metadata: meta, automountServiceAccountToken: false }, opts);
  const role = new k8s.rbac.v1.Role(name, { metadata, rules: RULES[part].map((rule) => ({ ...rule })) }, opts);
  const binding = new k8s.rbac.v1.RoleBinding(
    name,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: made.metadata.name, namespace }],
    },
    opts,
  );
  return binding.subjects.apply((subjects) => subjects[0]?.name ?? name);
}
