/** `npm run status`: what runs, how much it uses, what is wrong. */
import { type Address, readAddresses, renderAddresses } from "./addresses.ts";
import { clusterLogs, clusterState, type ClusterState } from "./cluster.ts";
import type { Command } from "./command.ts";
import { chooseEngine } from "./engine.ts";
import { messageOf, UserError } from "./errors.ts";
import { connect } from "./kube.ts";
import { engineOption, type EngineName, stackArgs, stackOptions, text } from "./options.ts";
import { type PlatformState, readPlatform } from "./platform.ts";
import type { Pod, ServiceStatus } from "./services.ts";
import { engineOptions, readStack, type Stack } from "./stack.ts";
import { bytes, table } from "./table.ts";

export interface StatusReport {
  readonly ok: boolean;
  readonly target: string;
  readonly cluster: ClusterState;
  readonly services: readonly ServiceStatus[];
  /** Bytes that everything uses now: the cluster's container where there is one, else all pods. */
  readonly totalMemory: number | null;
  readonly addresses: readonly Address[];
  readonly notes: readonly string[];
}

export const status: Command = {
  summary: "what runs, how much it uses, what is wrong",
  options: {
    ...stackOptions,
    ...engineOption,
    logs: {
      type: "string",
      value: "part",
      help: "log of one part of the embedded cluster: apiserver, kubelet, …, or of a service: kafka, presto, …",
    },
  },
  async run(values) {
    const args = stackArgs(values);
    const stack = readStack(args);
    const part = text(values, "logs");
    if (part !== undefined) return await showLogs(stack, part);
    const report = await readStatus(stack, args.engine);
    process.stdout.write(`${args.json ? JSON.stringify(report, null, 2) : renderStatus(report)}\n`);
    return report.ok ? 0 : 1;
  },
};

/** Everything that `status` shows; a platform that is not there is a report, not an error. */
export async function readStatus(stack: Stack, engineName?: EngineName): Promise<StatusReport> {
  const cluster = await clusterState(stack);
  const notes: string[] = [];
  let platform: PlatformState = { nodes: [], services: [], podMemory: null };
  let addresses: Address[] = [];
  if (cluster.running) {
    try {
      platform = await readPlatform(connect(stack.profile), stack.config.cluster.namespace);
    } catch (error) {
      notes.push(`the API server could not be asked: ${messageOf(error)}`);
    }
    const engine = await chooseEngine(engineName);
    addresses = readAddresses(await engine.outputs(engineOptions(stack, false)).catch(() => ({})));
  }
  if (cluster.running && platform.services.length === 0 && notes.length === 0) {
    notes.push(`nothing runs in namespace ${stack.config.cluster.namespace}; npm run up brings the platform up`);
  }
  notes.push(...policyNotes(stack.profile.enforcesNetworkPolicy));
  return {
    ok: cluster.running && platform.services.length > 0 && platform.services.every((service) => service.ready),
    target: stack.profile.target,
    cluster,
    services: platform.services,
    totalMemory: cluster.memory ?? platform.podMemory,
    addresses,
    notes,
  };
}

function policyNotes(enforced: boolean | "unknown"): string[] {
  if (enforced === true) return [];
  return [
    enforced === false
      ? "pods may reach each other freely: this target's network does not enforce NetworkPolicies"
      : "whether this cluster's network enforces NetworkPolicies is not known",
  ];
}

export function renderStatus(report: StatusReport): string {
  const rows = report.services.map((service) => [
    service.name,
    service.ready ? "ready" : "NOT READY",
    `${service.pods}/${service.wanted}`,
    String(service.restarts),
    service.memory === null ? "-" : bytes(service.memory),
    bytes(service.memoryRequest),
    bytes(service.memoryLimit),
  ]);
  const header = ["service", "state", "pods", "restarts", "memory", "request", "limit"];
  const faults = report.services.filter((service) => service.reason !== null);
  return [
    `cluster: ${report.target}, ${report.cluster.detail}`,
    ...(rows.length === 0 ? [] : ["", table(header, rows)]),
    ...(report.totalMemory === null ? [] : [`memory of everything: ${bytes(report.totalMemory)}`]),
    ...faults.map((service) => `${service.name}: ${service.reason ?? ""}`),
    ...(report.addresses.length === 0 ? [] : ["", renderAddresses(report.addresses)]),
    ...(report.notes.length === 0 ? [] : ["", ...report.notes.map((note) => `note: ${note}`)]),
  ].join("\n");
}

async function showLogs(stack: Stack, part: string): Promise<number> {
  const namespace = stack.config.cluster.namespace;
  const cluster = await clusterState(stack);
  if (cluster.running) {
    const kube = connect(stack.profile);
    const { services } = await readPlatform(kube, namespace);
    if (services.some((service) => service.name === part)) {
      const selector = encodeURIComponent(`app.kubernetes.io/name=${part}`);
      const pods = await kube.get<{ items: readonly Pod[] }>(
        `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`,
      );
      for (const pod of pods.items) {
        const path = `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/log?tailLines=1000`;
        process.stdout.write(`==> ${pod.metadata.name}\n${await kube.text(path)}`);
      }
      return 0;
    }
    if (stack.profile.target !== "embedded") {
      throw new UserError(`--logs ${part}: no such service; there are ${services.map(({ name }) => name).join(", ")}`);
    }
  }
  await clusterLogs(stack, part);
  return 0;
}
