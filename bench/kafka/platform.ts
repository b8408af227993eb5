/** The platform's side: a pod of the broker's own image, beside the platform's broker. */
import type { Kube } from "../../cli/kube.ts";
import { UserError } from "../../cli/errors.ts";
import { KubeError } from "../../clusters/kubernetes-client.ts";
import { selector } from "../../platform/names.ts";
import { quantityOf } from "../../platform/quantity.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { clientMemoryMi, perfScript, type Task } from "./script.ts";

export const brokerName = "kafka";
/** A cluster that starts no pod by then is asked what it waits for. */
const startMs = 120_000;

interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly resources?: { readonly limits?: { readonly cpu?: string; readonly memory?: string } };
}

interface StatefulSet {
  readonly spec: {
    readonly replicas?: number;
    readonly serviceName: string;
    readonly template: { readonly spec: { readonly containers: readonly Container[] } };
  };
  readonly status?: { readonly readyReplicas?: number };
}

/** The platform's broker, as it was told to be. */
export interface Broker {
  readonly container: Container;
  readonly serviceName: string;
  readonly namespace: string;
}

/**
 * @throws UserError when there is none, when it is not ready, or when there are several: one broker outside is no match
 * for them
 */
export async function findBroker(kube: Pick<Kube, "get">, namespace: string): Promise<Broker> {
  let found: StatefulSet;
  try {
    found = await kube.get<StatefulSet>(`/apis/apps/v1/namespaces/${namespace}/statefulsets/${brokerName}`);
  } catch (error) {
    if (!(error instanceof KubeError) || error.status !== 404) throw error;
    throw new UserError(
      `bench kafka: there is no Kafka of the platform's own in namespace ${namespace}: it is not up (npm run up), or ` +
        "millrace:services.kafka is off or names existing brokers; nothing was measured",
    );
  }
  const { replicas = 1, serviceName, template } = found.spec;
  if (replicas !== 1) {
    throw new UserError(
      `bench kafka: the platform has ${replicas} brokers, and the measurement compares one with one; it needs millrace:services.kafka.replicas: 1`,
    );
  }
  const [container] = template.spec.containers;
  if (found.status?.readyReplicas !== 1 || container === undefined) {
    throw new UserError("bench kafka: the platform's broker is not ready; npm run status says why");
  }
  return { container, serviceName, namespace };
}

interface Summary {
  readonly pods?: readonly {
    readonly podRef?: { readonly name?: string; readonly namespace?: string };
    readonly volume?: readonly { readonly pvcRef?: object; readonly availableBytes?: number }[];
  }[];
}

/** Bytes that are free where the broker keeps its records; `undefined` where no kubelet says it. */
export async function brokerRoom(kube: Pick<Kube, "get">, namespace: string): Promise<number | undefined> {
  const { items } = await kube.get<{ items: readonly { metadata: { name: string } }[] }>("/api/v1/nodes");
  for (const { metadata } of items) {
    const { pods } = await kube
      .get<Summary>(`/api/v1/nodes/${metadata.name}/proxy/stats/summary`)
      .catch((): Summary => ({}));
    const pod = pods?.find(({ podRef }) => podRef?.namespace === namespace && podRef.name === `${brokerName}-0`);
    const free = pod?.volume?.find(({ pvcRef }) => pvcRef !== undefined)?.availableBytes;
    if (free !== undefined) return free;
  }
  return undefined;
}

/** Cores and bytes that the broker may use; `undefined`: without a limit. */
export function limitsOf({ container }: Pick<Broker, "container">): { cpu?: number; memory?: number } {
  const { cpu, memory } = container.resources?.limits ?? {};
  const [cores, bytes] = [quantityOf(cpu ?? ""), quantityOf(memory ?? "")];
  return { ...(cores === undefined ? {} : { cpu: cores }), ...(bytes === undefined ? {} : { memory: bytes }) };
}

interface Pod {
  readonly status?: { readonly phase?: string; readonly containerStatuses?: readonly { readonly state?: object }[] };
}

/**
 * Runs the load in a pod that is removed at the end, and its topic with it.
 * @returns what the tools printed
 */
export async function runOnPlatform(
  kube: Pick<Kube, "get" | "post" | "delete" | "text">,
  { container, namespace }: Broker,
  task: Omit<Task, "bootstrap">,
  signal: AbortSignal,
): Promise<string> {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const path = `${pods}/${task.topic}`;
  const script = perfScript({ ...task, bootstrap: `${brokerName}:9092` });
  await kube.post(pods, loadPod(task.topic, container.image, script));
  try {
    for (const started = Date.now(); ;) {
      const { status } = await kube.get<Pod>(path);
      const phase = status?.phase ?? "Pending";
      if (phase === "Succeeded") return await kube.text(`${path}/log`);
      if (phase === "Failed")
        throw new Error(`the load on the platform failed: ${await kube.text(`${path}/log?tailLines=6`)}`);
      if (phase === "Pending" && Date.now() - started > startMs) {
        throw new Error(
          `the pod of the load does not start: ${JSON.stringify(status?.containerStatuses?.[0]?.state ?? {})}`,
        );
      }
      await sleep(500, undefined, { signal });
    }
  } finally {
    // Its script has a grace of 30 s to remove the topic.
    await kube.delete(path).catch(() => undefined);
    await gone(kube, path);
  }
}

async function gone(kube: Pick<Kube, "get">, path: string): Promise<void> {
  for (const end = Date.now() + 40_000; Date.now() < end;) {
    const found = await kube.get<Pod>(path).catch(() => undefined);
    if (found === undefined) return;
    await sleep(500);
  }
}

/** A pod that any namespace takes, the restricted ones too, and that the network lets connect to the broker as it does the Job of the topics. */
export function loadPod(name: string, image: string, script: string): object {
  const resources = {
    requests: { cpu: "100m", memory: `${clientMemoryMi}Mi` },
    limits: { cpu: "2", memory: `${clientMemoryMi}Mi` },
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: selector("kafka-topics", "setup") },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name: "load",
          image,
          command: ["bash", "-c", script],
          resources,
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
}
