/** The running platform as the end-to-end test sees it from outside: pods, scales, programs in pods, addresses. */
import { Writable } from "node:stream";

import { Exec, KubeConfig, type V1Status } from "@kubernetes/client-node";
import type { Kafka } from "kafkajs";

import { PrestoClient } from "../../components/presto/programs/presto-client.ts";
import { ROBOT } from "../../platform/names.ts";
import type { NodePorts } from "../../platform/exposure.ts";
import { connect, type Kube } from "../../cli/kube.ts";
import { readSecret } from "../../cli/secrets.ts";
import { readStack } from "../../cli/stack.ts";
import type { Pod } from "../../cli/services.ts";
import { serviceNames } from "../support/service-names.ts";
import { namespacesOf } from "../../config/namespaces.ts";
import type { Profile } from "../../config/profiles.ts";
import { kafkaClient } from "../../components/kafka/programs/kafka-client.ts";
import { until } from "./runner.ts";

export const stack = readStack({ stack: "dev", target: undefined });
export const namespace = stack.config.cluster.namespace;
const namespaces = namespacesOf(stack.config.cluster);

export const kube = (): Kube => connect(stack.profile);

/** The profile of what is up. */
export async function profileNow(): Promise<Profile> {
  const has = async (service: string): Promise<boolean> => (await pods(service)).length > 0;
  if (await has(serviceNames.raceCar)) return "streams";
  const [studio, pipeline] = [await has(serviceNames.airflow), await has(serviceNames.display)];
  return studio ? (pipeline ? "full" : "studio") : pipeline ? "pipeline" : "core";
}

/** `host:port` of a published service. */
export function addressOf(service: keyof NodePorts): string {
  const { exposure } = stack.profile;
  if (exposure.kind !== "nodePort") throw new Error(`this target publishes no ports, so ${service} can't be reached`);
  return `${exposure.host}:${exposure.ports[service]}`;
}

/** The account for a published page where the platform's proxy asks for one; `undefined`: the page is open. */
export async function loginAt(page: keyof NodePorts): Promise<{ user: string; password: string } | undefined> {
  return stack.profile.exposure.guarded?.[page] === undefined ? undefined : await proxyAccount();
}

/** The account for all such pages; `undefined`: there is none. */
export async function proxyAccount(): Promise<{ user: string; password: string } | undefined> {
  if (stack.profile.exposure.guarded === undefined) return undefined;
  return { user: ROBOT, password: await secret("auth-proxy-users", ROBOT) };
}

/** The same as headers of a request. */
export async function loginHeaders(page: keyof NodePorts): Promise<Record<string, string>> {
  const login = await loginAt(page);
  if (login === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}` };
}

/** A workload: all of a service, `postgres`, or one part of it, `airflow/scheduler`. */
export type Workload = string;

function selectorOf(workload: Workload): string {
  const [service = "", component] = workload.split("/");
  const parts = [`app.kubernetes.io/name=${service}`];
  if (component !== undefined) parts.push(`app.kubernetes.io/component=${component}`);
  return `labelSelector=${encodeURIComponent(parts.join(","))}`;
}

/** Pods of all namespaces of the stack that are to run on; those of Jobs are left out where a workload is named. */
export async function pods(workload?: Workload): Promise<readonly Pod[]> {
  const query = workload === undefined ? "" : `?${selectorOf(workload)}`;
  const lists = await Promise.all(
    namespaces.map(async (where) => {
      const path = `/api/v1/namespaces/${where}/pods${query}`;
      return (await kube().get<{ items: readonly Pod[] }>(path)).items;
    }),
  );
  return lists.flat().filter((pod) => workload === undefined || isNoJob(pod));
}

function pathOf({ metadata }: Pod): string {
  return `/api/v1/namespaces/${metadata.namespace ?? namespace}/pods/${metadata.name}`;
}

function isNoJob(pod: Pod): boolean {
  return pod.metadata.ownerReferences?.every((owner) => owner.kind !== "Job") ?? true;
}

function isKeptUp(pod: Pod): boolean {
  const keepers = ["ReplicaSet", "StatefulSet", "DaemonSet"];
  return pod.metadata.ownerReferences?.some((owner) => keepers.includes(owner.kind)) ?? false;
}

/**
 * Pods as `name uid restarts`, for comparison: of a workload all but those of Jobs; without one those that a Deployment
 * or a StatefulSet keeps up, since executors, tasks and notebook servers end by themselves.
 */
export async function fingerprints(workload?: Workload): Promise<string[]> {
  return (await pods(workload))
    .filter(workload === undefined ? isKeptUp : isNoJob)
    .map((pod) => {
      const restarts = (pod.status?.containerStatuses ?? []).reduce((sum, status) => sum + status.restartCount, 0);
      return `${pod.metadata.name} ${pod.metadata.uid ?? ""} ${restarts}`;
    })
    .sort();
}

/** Kills the pods of a workload without grace, as a crash does. */
export async function kill(workload: Workload): Promise<void> {
  const found = await pods(workload);
  if (found.length === 0) throw new Error(`no pod of ${workload} to kill`);
  for (const pod of found) await kube().delete(pathOf(pod), { gracePeriodSeconds: 0 });
}

/** Kills one pod without grace. */
export async function killPod(name: string): Promise<void> {
  const pod = (await pods()).find(({ metadata }) => metadata.name === name);
  if (pod === undefined) throw new Error(`no pod ${name} to kill`);
  await kube().delete(pathOf(pod), { gracePeriodSeconds: 0 });
}

interface Scalable {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly replicas?: number };
}

/** Scales every Deployment and StatefulSet of a workload. */
export async function scale(workload: Workload, replicas: number): Promise<void> {
  let found = 0;
  for (const kind of ["deployments", "statefulsets"]) {
    const path = `/apis/apps/v1/namespaces/${namespace}/${kind}`;
    const { items } = await kube().get<{ items: readonly Scalable[] }>(`${path}?${selectorOf(workload)}`);
    found += items.length;
    for (const item of items) await kube().patch(`${path}/${item.metadata.name}/scale`, { spec: { replicas } });
  }
  if (found === 0) throw new Error(`no workload of ${workload} to scale`);
}

export async function ready(workload: Workload, limitMs: number): Promise<void> {
  await until(`${workload} ready again`, limitMs, async () => {
    const found = await pods(workload);
    const all = found.every((pod) => pod.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True"));
    return found.length > 0 && all ? true : undefined;
  });
}

export async function gone(workload: Workload, limitMs: number): Promise<void> {
  await until(`${workload} gone`, limitMs, async () => ((await pods(workload)).length === 0 ? true : undefined));
}

interface JobStatus {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Waits for the end of a Job; answers whether it went well. */
export async function endOfJob(name: string, limitMs: number): Promise<boolean> {
  const { isGood } = await until(`the end of ${name}`, limitMs, async () => {
    const { status } = await kube().get<JobStatus>(`/apis/batch/v1/namespaces/${namespace}/jobs/${name}`);
    const has = (type: string): boolean =>
      status?.conditions?.some((one) => one.type === type && one.status === "True") ?? false;
    return has("Complete") ? { isGood: true } : has("Failed") ? { isGood: false } : undefined;
  });
  return isGood;
}

/** A value of a Secret. */
export async function secret(name: string, key: string): Promise<string> {
  const value = (await readSecret(kube(), namespace, name))?.[key];
  if (value === undefined) throw new Error(`Secret ${name} has no ${key}`);
  return value;
}

interface WithEnvironment {
  readonly spec: {
    readonly containers: readonly {
      readonly env?: readonly {
        readonly name: string;
        readonly value?: string;
        readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
      }[];
    }[];
  };
}

/** A variable of a workload's programs, also where its value is in a Secret. */
export async function environment(workload: Workload, name: string): Promise<string> {
  const [pod] = (await pods(workload)) as unknown as readonly WithEnvironment[];
  const found = pod?.spec.containers.flatMap(({ env }) => env ?? []).find((one) => one.name === name);
  const ref = found?.valueFrom?.secretKeyRef;
  const value = ref === undefined ? found?.value : await secret(ref.name, ref.key);
  if (value === undefined) throw new Error(`no pod of ${workload} is given ${name}`);
  return value;
}

export interface ProgramRun {
  /** What it has printed so far. */
  readonly stdout: () => string;
  /** Settles when the program, or its pod, has ended; answers whether it ended well. */
  readonly ended: Promise<boolean>;
}

/** The API server as its own client library finds it. */
export function kubeConfig(): KubeConfig {
  const config = new KubeConfig();
  if (stack.profile.kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(stack.profile.kubeconfig);
  config.setCurrentContext(stack.profile.context);
  return config;
}

/** Starts a program in a pod. @param where Namespace of the pod. @default - the platform's */
export async function execute(
  pod: string,
  container: string,
  command: readonly string[],
  where = namespace,
): Promise<ProgramRun> {
  const printed = { stdout: "", stderr: "" };
  const collect = (name: keyof typeof printed): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        printed[name] += chunk.toString("utf8");
        done();
      },
    });
  const { promise: ended, resolve } = Promise.withResolvers<boolean>();
  const [out, errors] = [collect("stdout"), collect("stderr")];
  const onStatus = (status: V1Status): void => {
    if (status.status !== "Success") process.stderr.write(printed.stderr);
    resolve(status.status === "Success");
  };
  const exec = new Exec(kubeConfig());
  // The typing of the socket is in a package that only the client's authors install.
  const socket = (await exec.exec(
    where,
    pod,
    container,
    [...command],
    out,
    errors,
    null,
    false,
    onStatus,
  )) as unknown as {
    readonly on: (event: "close", listener: () => void) => void;
  };
  socket.on("close", () => {
    resolve(false);
  });
  return { stdout: () => printed.stdout, ended };
}

export const kafka = (): Kafka =>
  kafkaClient({
    bootstrapServers: addressOf("kafka"),
    clientId: "millrace-e2e",
    retries: 30,
    // A killed broker is meant to be missed.
    log: () => undefined,
  });

/** Rows of a query, by column name. */
export async function sql(query: string): Promise<Record<string, unknown>[]> {
  const presto = new PrestoClient({
    url: `http://${addressOf("presto")}`,
    catalog: "lake",
    schema: "telemetry",
    user: "e2e",
    login: await loginAt("presto"),
  });
  return await presto.query(query);
}
