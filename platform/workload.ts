/** Builders of pods and of what runs them: one place for labels, security contexts, resources and probes. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { Component } from "./component.ts";
import { SCRATCH_SIZE } from "./confinement.ts";
import { dataCapMs, setupCapMs, startupMs } from "./hops/limits.ts";
import { containerSecurityContext, podSecurityContext } from "./hardening.ts";
import {
  claimName,
  DATA_OF_ANNOTATION,
  labels,
  METRICS_PATH_ANNOTATION,
  METRICS_PORT_ANNOTATION,
  selector,
} from "./names.ts";
import { type Destination, edgesOf, podsAt, type Speaker } from "./network.ts";
import { podScheduling, type Scheduling } from "./scheduling.ts";
import { probeFields, type Probes } from "./probes.ts";
import type { Resources } from "./resources.ts";
import type { DataVolume } from "./storage.ts";
import { type Trust, trustParts } from "./trust.ts";

export { execProbe, httpProbe, httpProbes, type Probe, type Probes, tcpProbe } from "./probes.ts";
export type { Resources } from "./resources.ts";

export type EnvVar = k8s.types.input.core.v1.EnvVar;
export type Volume = k8s.types.input.core.v1.Volume;
export type VolumeMount = k8s.types.input.core.v1.VolumeMount;
type Container = k8s.types.input.core.v1.Container;
type PodTemplate = k8s.types.input.core.v1.PodTemplateSpec;

/** A program that runs to its end before the pod's container starts. It sees the pod's scratch folders. */
export interface InitContainerArgs {
  readonly name: string;
  readonly image: pulumi.Input<string>;
  /** @default - the image's own entry point */
  readonly command?: readonly pulumi.Input<string>[];
  /** @default - the image's own arguments */
  readonly args?: readonly pulumi.Input<string>[];
  readonly env?: readonly EnvVar[];
  readonly resources: Resources;
  readonly mounts?: readonly VolumeMount[];
}

/** A page of figures in Prometheus' format. */
export interface PodMetrics {
  readonly port: number;
  /** @default "/metrics" */
  readonly path?: string;
}

/** A pod with one container: all pods of the platform are such. */
export interface PodArgs {
  /** Service that the pod belongs to. */
  readonly service: string;
  /** Role in the service: `broker`, `server`, `driver`. */
  readonly component: string;
  readonly image: pulumi.Input<string>;
  /** @default - the image's own entry point */
  readonly command?: readonly pulumi.Input<string>[];
  /** @default - the image's own arguments */
  readonly args?: readonly pulumi.Input<string>[];
  /** Programs that run before the container, one after the other. @default - none */
  readonly initContainers?: readonly InitContainerArgs[];
  readonly env?: readonly EnvVar[];
  /** Port numbers by name. */
  readonly ports?: Readonly<Record<string, number>>;
  readonly resources: Resources;
  readonly probes?: Probes;
  /** User and group id of the process. @default 10001 */
  readonly uid?: number;
  readonly volumes?: readonly Volume[];
  readonly mounts?: readonly VolumeMount[];
  /** Authority that its programs trust beside the public ones. @default - none */
  readonly trust?: Trust | undefined;
  /** Folders that the process writes to and nobody needs afterwards; everything else is read-only. */
  readonly scratch?: readonly string[];
  /** Most that each of these folders holds, such as `10Gi`: Kubernetes ends a pod that writes more. @default 2Gi */
  readonly scratchSize?: string;
  /** What it connects to: the endpoints that it was handed. @default - nothing, but the API server where it has an account */
  readonly reaches?: readonly Destination[];
  /** Account whose token is mounted. @default - the namespace's default account, without a token */
  readonly serviceAccountName?: pulumi.Input<string>;
  /** Where it has its figures, as Prometheus reads them: a port of it, and a path. @default - nowhere */
  readonly metrics?: PodMetrics;
  /** Text whose change must restart the pod, such as the mounted settings. */
  readonly config?: pulumi.Input<string>;
  readonly restartPolicy?: "Always" | "OnFailure" | "Never";
  /** Spread over the nodes where there are several. @default false */
  readonly spread?: boolean;
  /** Where it runs, for a template that others make pods from: a room's workloads get theirs from its place. @default - anywhere */
  readonly scheduling?: Scheduling | undefined;
  /** Time to finish after SIGTERM, in seconds. @default 30 */
  readonly terminationGracePeriodSeconds?: number;
}

export interface WorkloadArgs {
  /** Name in Kubernetes. */
  readonly name: string;
  readonly namespace: pulumi.Input<string>;
  readonly pod: PodArgs;
}

/** Time that a workload has to become ready, in seconds: a slow node is not a dead one. */
const READY_SECONDS = startupMs / 1000;
/** Time that a Job has in which data are moved, in seconds. */
export const DATA_JOB_SECONDS = dataCapMs / 1000;
const SETUP_JOB_SECONDS = setupCapMs / 1000;
/** Time that a Job's pod may take to come and go beside its own deadline, in seconds. */
const JOB_SLACK_SECONDS = 120;

/** The same limit for both engines, whose own defaults differ. */
function waiting(seconds: number): pulumi.CustomResourceOptions {
  const limit = `${seconds}s`;
  return { customTimeouts: { create: limit, update: limit } };
}

/** Hash of a text, for the annotation that restarts pods when their settings change. */
export function configHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** As the API server writes a variable that is empty. */
function withoutEmptyValue({ value, ...variable }: EnvVar): EnvVar {
  return value === undefined || value === "" ? variable : { ...variable, value };
}

/** The pod as a template for any kind of workload: nothing in it that the API server would leave out. @param replicas How many there are of it at once. */
export function podTemplate(given: PodArgs, replicas = 1): PodTemplate {
  const pod = trusting(given);
  const scratch = (pod.scratch ?? []).map((path, index) => ({ path, name: `scratch-${index}` }));
  const container = (args: Omit<InitContainerArgs, "name">): Omit<Container, "name"> => ({
    image: args.image,
    ...(args.command === undefined ? {} : { command: [...args.command] }),
    ...(args.args === undefined ? {} : { args: [...args.args] }),
    ...(args.env === undefined || args.env.length === 0 ? {} : { env: args.env.map(withoutEmptyValue) }),
    resources: args.resources,
    securityContext: containerSecurityContext(),
    volumeMounts: [...(args.mounts ?? []), ...scratch.map(({ path, name }) => ({ name, mountPath: path }))],
  });
  const ports = Object.entries(pod.ports ?? {}).map(([name, containerPort]) => ({ name, containerPort }));
  const notes = {
    ...(pod.config === undefined
      ? {}
      : { "millrace/config-hash": pulumi.output(pod.config).apply((text) => configHash(text)) }),
    ...(pod.metrics && {
      [METRICS_PORT_ANNOTATION]: String(pod.metrics.port),
      [METRICS_PATH_ANNOTATION]: pod.metrics.path ?? "/metrics",
    }),
  };
  const annotations = Object.keys(notes).length === 0 ? {} : { annotations: notes };
  return {
    metadata: { labels: labels(pod.service, pod.component), ...annotations },
    spec: {
      automountServiceAccountToken: pod.serviceAccountName !== undefined,
      ...(pod.serviceAccountName === undefined ? {} : { serviceAccountName: pod.serviceAccountName }),
      // A Service named kafka would put KAFKA_PORT and the like into every pod's environment.
      enableServiceLinks: false,
      securityContext: podSecurityContext(pod.uid),
      terminationGracePeriodSeconds: pod.terminationGracePeriodSeconds ?? 30,
      ...(pod.restartPolicy === undefined ? {} : { restartPolicy: pod.restartPolicy }),
      ...podScheduling(pod.scheduling ?? {}),
      ...(pod.spread === true ? { affinity: spreadAffinity(pod) } : {}),
      ...(replicas > 1 ? { topologySpreadConstraints: zoneSpread(pod) } : {}),
      ...(pod.initContainers === undefined
        ? {}
        : { initContainers: pod.initContainers.map((init) => ({ name: init.name, ...container(init) })) }),
      containers: [
        {
          name: pod.component,
          ...container(pod),
          ...(ports.length === 0 ? {} : { ports }),
          ...probeFields(pod.probes ?? {}),
        },
      ],
      volumes: [...(pod.volumes ?? []), ...scratch.map(({ name }) => scratchVolume(name, pod.scratchSize))],
    },
  };
}

/** A folder that is made with the pod and goes with it. @param size Most that it holds. */
function scratchVolume(name: string, size = SCRATCH_SIZE): Volume {
  return { name, emptyDir: { sizeLimit: size } };
}

/**
 * Notes in the component whose pod it is what the pod connects to, and where it has figures. For templates that others make pods from;
 * workloads do it themselves.
 */
export function connects(
  parent: pulumi.Resource | undefined,
  pod: Speaker & { readonly metrics?: PodMetrics | undefined },
): void {
  if (!(parent instanceof Component)) return;
  parent.edges.push(...edgesOf(pod));
  if (pod.metrics !== undefined) parent.measured.push(podsAt(pod, [pod.metrics.port], "figures"));
}

/** The pod with what its programs need to trust an authority of their own. */
function trusting(pod: PodArgs): PodArgs {
  if (pod.trust === undefined) return pod;
  const { initContainer, env, volumes, mounts } = trustParts(pod.trust, pod.image, pod.resources);
  return {
    ...pod,
    initContainers: [initContainer, ...(pod.initContainers ?? [])],
    env: [...(pod.env ?? []), ...env],
    volumes: [...(pod.volumes ?? []), ...volumes],
    mounts: [...(pod.mounts ?? []), ...mounts],
  };
}

/** A StatefulSet with its data on claims of the storage. Claims outlive it: they go with their namespace only. */
export function statefulSet(
  args: WorkloadArgs & {
    readonly replicas: number;
    /** Headless Service that gives each pod its name. */
    readonly headlessService: string;
    /** Whether each pod waits for the one before it. It can't change on a live workload. @default "Parallel" */
    readonly podManagement?: "Parallel" | "OrderedReady";
    readonly data: DataVolume;
    /** The program that writes the data, where another could take its place and would not read them. @default - there is one */
    readonly dataOf?: string;
  },
  opts: pulumi.CustomResourceOptions,
): k8s.apps.v1.StatefulSet {
  const { pod, data } = args;
  connects(opts.parent, pod);
  const owned = { ...labels(pod.service, pod.component), ...data.owner };
  const claims =
    data.claimTemplates.length === 0
      ? {}
      : {
          // The labels tell whose a claim is when its set is gone. Templates can't change: claims that are there get theirs by claimPatches.
          volumeClaimTemplates: data.claimTemplates.map((template) => ({
            ...template,
            metadata: { ...template.metadata, labels: owned },
          })),
          persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
        };
  const set = new k8s.apps.v1.StatefulSet(
    args.name,
    {
      metadata: { name: args.name, namespace: args.namespace, labels: owned },
      spec: {
        replicas: args.replicas,
        serviceName: args.headlessService,
        podManagementPolicy: args.podManagement ?? "Parallel",
        selector: { matchLabels: selector(pod.service, pod.component) },
        template: podTemplate({ ...pod, volumes: [...(pod.volumes ?? []), ...data.volumes] }, args.replicas),
        ...claims,
      },
    },
    // A set's templates can't change. Only its first claims are made from them; claimPatches sees to the size from then on.
    pulumi.mergeOptions(
      waiting(READY_SECONDS),
      pulumi.mergeOptions(opts, { ignoreChanges: ["spec.volumeClaimTemplates"] }),
    ),
  );
  claimPatches(args, set, opts);
  disruptionBudget(args, opts);
  return set;
}

/** Size, owner and writer of each claim, set on the claim itself: it grows in place under the pod that uses it. */
function claimPatches(
  args: WorkloadArgs & { readonly replicas: number; readonly data: DataVolume; readonly dataOf?: string },
  set: k8s.apps.v1.StatefulSet,
  opts: pulumi.CustomResourceOptions,
): void {
  for (const { name: volume, size } of args.data.claims) {
    for (let ordinal = 0; ordinal < args.replicas; ordinal++) {
      const name = claimName(volume, args.name, ordinal);
      new k8s.core.v1.PersistentVolumeClaimPatch(
        name,
        {
          metadata: {
            name,
            namespace: args.namespace,
            ...(Object.keys(args.data.owner).length === 0 ? {} : { labels: args.data.owner }),
            annotations: {
              // The set's controller made the claim and owns its size until now.
              "pulumi.com/patchForce": "true",
              // Pulumi's own wait for a new claim is for one that no pod uses yet.
              "pulumi.com/waitFor": "jsonpath={.status.phase}=Bound",
              ...(args.dataOf === undefined ? {} : { [DATA_OF_ANNOTATION]: args.dataOf }),
            },
          },
          spec: { resources: { requests: { storage: size } } },
        },
        // A claim can't be without a size, so letting go of it must change nothing.
        pulumi.mergeOptions(opts, { dependsOn: [set], retainOnDelete: true }),
      );
    }
  }
}

/** A Deployment. One that may not run twice at once is recreated, others are rolled over. */
export function deployment(
  args: WorkloadArgs & { readonly replicas: number; readonly strategy: "Recreate" | "RollingUpdate" },
  opts: pulumi.CustomResourceOptions,
): k8s.apps.v1.Deployment {
  const { pod } = args;
  connects(opts.parent, pod);
  disruptionBudget(args, opts);
  return new k8s.apps.v1.Deployment(
    args.name,
    {
      metadata: { name: args.name, namespace: args.namespace, labels: labels(pod.service, pod.component) },
      spec: {
        replicas: args.replicas,
        // Kubernetes' own limit is ten minutes: it would call a roll-out failed that is still waited for.
        progressDeadlineSeconds: READY_SECONDS,
        strategy: { type: args.strategy },
        selector: { matchLabels: selector(pod.service, pod.component) },
        template: podTemplate(pod, args.replicas),
      },
    },
    pulumi.mergeOptions(waiting(READY_SECONDS), opts),
  );
}

/**
 * Has a node that is emptied take one of several pods at a time. It holds up no drain for ever: one may always go, and one
 * that isn't ready goes in any case.
 */
function disruptionBudget(
  args: WorkloadArgs & { readonly replicas: number },
  opts: pulumi.CustomResourceOptions,
): void {
  if (args.replicas < 2) return;
  const { name, namespace, pod } = args;
  new k8s.policy.v1.PodDisruptionBudget(
    name,
    {
      metadata: { name, namespace, labels: labels(pod.service, pod.component) },
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: selector(pod.service, pod.component) },
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
    },
    opts,
  );
}

/** How a Job ends. */
export interface JobLimits {
  /** Time after which it has failed, in seconds: it ends what goes on for ever. @default 1200, for what only sets up what runs */
  readonly deadlineSeconds?: number;
  /** Times that a failed pod is tried again. */
  readonly retries: number;
  /** Pods that each do one part of the work, which they know by `JOB_COMPLETION_INDEX`. @default - one, for all of it */
  readonly parts?: number;
}

/** Parts of a Job that are done at the same time; more would wait for room on a node. */
const PARTS_AT_A_TIME = 10;

/** A Job. A change of its pod replaces it, because Kubernetes cannot change a Job; so does a deploy after it has failed. */
export function job(args: WorkloadArgs & JobLimits, opts: pulumi.CustomResourceOptions): k8s.batch.v1.Job {
  connects(opts.parent, args.pod);
  return new k8s.batch.v1.Job(
    args.name,
    {
      metadata: {
        name: args.name,
        namespace: args.namespace,
        labels: labels(args.pod.service, args.pod.component),
        annotations: { "pulumi.com/replaceUnready": "true" },
      },
      spec: jobSpec(args),
    },
    // The name is fixed, so the old Job must go before the new one comes.
    pulumi.mergeOptions(
      waiting(Math.max(READY_SECONDS, (args.deadlineSeconds ?? SETUP_JOB_SECONDS) + JOB_SLACK_SECONDS)),
      pulumi.mergeOptions(opts, { deleteBeforeReplace: true }),
    ),
  );
}

/** The spec of a Job, also for the template of a CronJob. */
export function jobSpec(args: JobLimits & { readonly pod: PodArgs }): k8s.types.input.batch.v1.JobSpec {
  return {
    backoffLimit: args.retries,
    activeDeadlineSeconds: args.deadlineSeconds ?? SETUP_JOB_SECONDS,
    ...(args.parts === undefined
      ? {}
      : {
          completionMode: "Indexed",
          completions: args.parts,
          parallelism: Math.min(args.parts, PARTS_AT_A_TIME),
        }),
    template: podTemplate({ ...args.pod, restartPolicy: "Never" }),
  };
}

/** A ConfigMap with plain texts. */
export function configMap(
  name: string,
  args: {
    /** Name in Kubernetes. @default - the resource's */
    readonly name?: string;
    readonly namespace: pulumi.Input<string>;
    readonly labels: Readonly<Record<string, string>>;
    readonly data: Readonly<Record<string, pulumi.Input<string>>>;
  },
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.ConfigMap {
  return new k8s.core.v1.ConfigMap(
    name,
    {
      metadata: { name: args.name ?? name, namespace: args.namespace, labels: { ...args.labels } },
      data: { ...args.data },
    },
    opts,
  );
}

/** A Service within the cluster. A headless one answers with the pods' own addresses, ready or not. */
export function service(
  name: string,
  args: {
    readonly namespace: pulumi.Input<string>;
    readonly labels: Readonly<Record<string, string>>;
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: Readonly<Record<string, number>>;
    readonly headless?: boolean;
  },
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Service {
  // A new Service has no endpoints until its pods, made after it, are ready; waiting for them here would never end.
  const skipAwait = { annotations: { "pulumi.com/skipAwait": "true" } };
  return new k8s.core.v1.Service(
    name,
    {
      metadata: { name, namespace: args.namespace, labels: { ...args.labels }, ...skipAwait },
      spec: {
        ...(args.headless === true ? { clusterIP: "None", publishNotReadyAddresses: true } : {}),
        selector: { ...args.selector },
        ports: Object.entries(args.ports).map(([port, number]) => ({ name: port, port: number, targetPort: number })),
      },
    },
    opts,
  );
}

/** An environment variable from a key of a Secret. */
export function secretEnv(name: string, secretName: pulumi.Input<string>, key: string): EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secretName, key } } };
}

/** An environment variable from a field of the pod. */
export function fieldEnv(name: string, fieldPath: string): EnvVar {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}

/** Evenly over zones, where nodes have some and there is room: a cluster without zones, or a full zone, takes all the same. */
function zoneSpread(pod: PodArgs): k8s.types.input.core.v1.TopologySpreadConstraint[] {
  return [
    {
      maxSkew: 1,
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: selector(pod.service, pod.component) },
    },
  ];
}

function spreadAffinity(pod: PodArgs): k8s.types.input.core.v1.Affinity {
  return {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 100,
          podAffinityTerm: {
            topologyKey: "kubernetes.io/hostname",
            labelSelector: { matchLabels: selector(pod.service, pod.component) },
          },
        },
      ],
    },
  };
}
