/** The running platform as the end-to-end test sees it from outside: pods, scales, Kafka and Presto by their addresses. */
import { Kafka, logLevel } from "kafkajs";

import { PrestoClient } from "../../check/presto-client.ts";
import { connect, type Kube } from "../../cli/kube.ts";
import { readStack } from "../../cli/stack.ts";
import type { Pod } from "../../cli/services.ts";
import { until } from "./runner.ts";

const stack = readStack({ stack: "dev", target: undefined });
export const namespace = stack.config.cluster.namespace;
const core = `/api/v1/namespaces/${namespace}/pods`;

export const kube = (): Kube => connect(stack.profile);

const ports = stack.profile.exposure.kind === "nodePort" ? stack.profile.exposure : undefined;
export const kafkaAddress = `${ports?.host ?? "127.0.0.1"}:${ports?.ports.kafka ?? 30092}`;
export const prestoUrl = `http://${ports?.host ?? "127.0.0.1"}:${ports?.ports.presto ?? 30080}`;

export async function pods(service?: string): Promise<readonly Pod[]> {
  const selector =
    service === undefined ? "" : `?labelSelector=${encodeURIComponent(`app.kubernetes.io/name=${service}`)}`;
  return (await kube().get<{ items: readonly Pod[] }>(`${core}${selector}`)).items;
}

/** Pods that run on (no Jobs), as `name uid restarts`, for comparison. */
export async function fingerprints(): Promise<string[]> {
  return (await pods())
    .filter((pod) => pod.metadata.ownerReferences?.every((owner) => owner.kind !== "Job") ?? true)
    .map((pod) => {
      const restarts = (pod.status?.containerStatuses ?? []).reduce((sum, status) => sum + status.restartCount, 0);
      return `${pod.metadata.name} ${pod.metadata.uid ?? ""} ${restarts}`;
    })
    .sort();
}

/** Kills the pods of a service without grace, as a crash does. */
export async function kill(service: string): Promise<void> {
  const found = await pods(service);
  if (found.length === 0) throw new Error(`no pod of ${service} to kill`);
  for (const pod of found) await kube().delete(`${core}/${pod.metadata.name}`, { gracePeriodSeconds: 0 });
}

interface Scalable {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly replicas?: number };
}

/** Scales every Deployment and StatefulSet of a service. */
export async function scale(service: string, replicas: number): Promise<void> {
  const selector = encodeURIComponent(`app.kubernetes.io/name=${service}`);
  let found = 0;
  for (const kind of ["deployments", "statefulsets"]) {
    const path = `/apis/apps/v1/namespaces/${namespace}/${kind}`;
    const { items } = await kube().get<{ items: readonly Scalable[] }>(`${path}?labelSelector=${selector}`);
    found += items.length;
    for (const item of items) await kube().patch(`${path}/${item.metadata.name}/scale`, { spec: { replicas } });
  }
  if (found === 0) throw new Error(`no workload of ${service} to scale`);
}

export async function ready(service: string, limitMs: number): Promise<void> {
  await until(`${service} ready again`, limitMs, async () => {
    const found = await pods(service);
    const all = found.every((pod) => pod.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True"));
    return found.length > 0 && all ? true : undefined;
  });
}

export async function gone(service: string, limitMs: number): Promise<void> {
  await until(`${service} gone`, limitMs, async () => ((await pods(service)).length === 0 ? true : undefined));
}

export const kafka = (): Kafka =>
  new Kafka({
    clientId: "millrace-e2e",
    brokers: [kafkaAddress],
    logLevel: logLevel.NOTHING,
    retry: { retries: 30, initialRetryTime: 200, maxRetryTime: 3000 },
  });

const presto = new PrestoClient({ url: prestoUrl, catalog: "lake", schema: "telemetry", user: "e2e" });

/** Rows of a query, by column name. */
export async function sql(query: string): Promise<Record<string, unknown>[]> {
  return await presto.query(query);
}
