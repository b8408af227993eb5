/** CPU and memory of everything on a cluster over a time: by pod, by process of the embedded node, and the machine's own. */
import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import Docker from "dockerode";
import { type ContainerUsage, containerUsage, execInNode } from "../clusters/embedded/node.ts";
import type { Kube } from "../cli/kube.ts";
import type { NodeInfo } from "../cli/platform.ts";

/** What has been used until a time: the kubelet tells figures that are up to 15 s old, each with its time. */
export type Reading = ContainerUsage;

export interface PodReading extends Reading {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
}

export interface ProcessReading extends Reading {
  readonly pid: string;
  readonly name: string;
}

/** Everything at one time. */
export interface Snapshot {
  readonly at: number;
  readonly pods: readonly PodReading[];
  /** The embedded node's own processes; none on other targets. */
  readonly processes: readonly ProcessReading[];
  /** The embedded cluster's container with everything in it. */
  readonly container: Reading | undefined;
  /** CPU time of all pods on the embedded node, those that have ended among them, in ns. */
  readonly podsNs: number | undefined;
  /** CPU time of all cores of this machine, in ns; `undefined` where the cluster is not on it. */
  readonly machineNs: number | undefined;
}

/** What something used between two snapshots. */
export interface Usage {
  readonly name: string;
  /** Mean. */
  readonly cores: number;
  /** At the end. */
  readonly memoryBytes: number;
}

export interface UsageBetween {
  readonly pods: readonly Usage[];
  /** Of all pods, also of those that ended. */
  readonly podCores: number;
  /** By name; `short-lived` is what no process shows: probes, and what the runtime starts for a moment. */
  readonly processes: readonly Usage[];
  /** Of the whole cluster: the embedded container, else all pods. */
  readonly cores: number;
  readonly memoryBytes: number;
  /** Cores of this machine that were busy; `null`: not known. */
  readonly machineCores: number | null;
  /** Of those, what the cluster did not use. */
  readonly otherCores: number | null;
}

/** Where to look. */
export interface UsageSource {
  readonly kube: Pick<Kube, "get">;
  /** Name of the embedded cluster's container; `undefined` on other targets. */
  readonly container: string | undefined;
}

/** The kubelet's `/stats/summary`, as far as it is read here. */
export interface StatsSummary {
  readonly pods?: readonly {
    readonly podRef: { readonly name: string; readonly namespace: string; readonly uid: string };
    readonly cpu?: { readonly time: string; readonly usageCoreNanoSeconds?: number };
    readonly memory?: { readonly workingSetBytes?: number };
  }[];
}

/** Pods of a kubelet's summary; one without figures yet is left out. */
export function podReadings(summary: StatsSummary): PodReading[] {
  return (summary.pods ?? []).flatMap(({ podRef, cpu, memory }) =>
    cpu?.usageCoreNanoSeconds === undefined
      ? []
      : [
          {
            ...podRef,
            at: Date.parse(cpu.time),
            cpuNs: cpu.usageCoreNanoSeconds,
            memoryBytes: memory?.workingSetBytes ?? 0,
          },
        ],
  );
}

const PAGE = 4096;
/** The kernel tells times of processes in hundredths of a second. */
const TICK_NS = 1e7;

/** Where the node's cgroup of all pods is: in version 1, and in version 2. */
const POD_GROUPS = [
  "/sys/fs/cgroup/cpuacct/kubepods/cpuacct.usage",
  "/sys/fs/cgroup/cpu,cpuacct/kubepods/cpuacct.usage",
  "/sys/fs/cgroup/kubepods/cpu.stat",
  "/sys/fs/cgroup/kubepods.slice/cpu.stat",
];

/** Prints the CPU time of all pods. */
const PODS = `for f in ${POD_GROUPS.join(" ")}; do
  [ -r "$f" ] && while read -r line; do echo "pods $line"; done <"$f"
done`;

/** CPU time of all pods in ns, of a line `pods <ns>` (cgroups version 1) or `pods usage_usec <µs>` (version 2). */
export function podsNs(lines: string): number | undefined {
  const [, unit, count] = /^pods (usage_usec )?(\d+)$/m.exec(lines) ?? [];
  return count === undefined ? undefined : Number(count) * (unit === undefined ? 1 : 1000);
}

/** Prints a line of `/proc/<pid>/stat` for each process that is in no pod. With builtins only: it must not show in what it reads. */
const PROCESSES = `for p in /proc/[0-9]*; do
  pod=
  while read -r line; do case $line in *kubepods*) pod=1 ;; esac; done <"$p/cgroup"
  [ -z "$pod" ] && read -r stat <"$p/stat" && echo "$stat"
done 2>/dev/null
true`;

/** Processes of lines of `/proc/<pid>/stat`; a kernel thread has no memory. */
export function processReadings(lines: string, at: number): ProcessReading[] {
  return lines.split("\n").flatMap((line) => {
    // A name may contain anything, also blanks and brackets.
    const [, pid, name, rest] = /^(\d+) \((.*)\) (.*)$/.exec(line) ?? [];
    if (pid === undefined || name === undefined || rest === undefined) return [];
    const fields = rest.split(" ").map(Number);
    const [user = 0, system = 0, pages = 0] = [fields[11], fields[12], fields[21]];
    return [{ pid, name, at, cpuNs: (user + system) * TICK_NS, memoryBytes: pages * PAGE }];
  });
}

/** Busy time of all cores in `/proc/stat`, in ns: neither idle nor waiting for disks nor taken by other guests of the host. */
export function busyNs(stat: string): number | undefined {
  const [line] = stat.split("\n");
  if (line?.startsWith("cpu ") !== true) return undefined;
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = line.trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softIrq) * TICK_NS;
}

/** CPU time of this machine until now, in ns; `undefined` where it is not Linux. */
export function machineNs(): number | undefined {
  return existsSync("/proc/stat") ? busyNs(readFileSync("/proc/stat", "utf8")) : undefined;
}

export const machineCores = (): number => cpus().length;

export async function takeSnapshot({ kube, container }: UsageSource): Promise<Snapshot> {
  const nodes = await kube.get<{ readonly items: readonly NodeInfo[] }>("/api/v1/nodes");
  const summaries = await Promise.all(
    nodes.items.map(({ metadata }) => kube.get<StatsSummary>(`/api/v1/nodes/${metadata.name}/proxy/stats/summary`)),
  );
  const pods = summaries.flatMap(podReadings);
  if (container === undefined) {
    return { at: Date.now(), pods, processes: [], container: undefined, podsNs: undefined, machineNs: undefined };
  }
  const docker = new Docker();
  const listed = await execInNode(docker, container, ["sh", "-c", `${PODS}\n${PROCESSES}`]);
  const at = Date.now();
  const processes = processReadings(listed.stdout, at);
  const reading = await containerUsage(docker, container);
  return { at, pods, processes, container: reading, podsNs: podsNs(listed.stdout), machineNs: machineNs() };
}

/** Cores of CPU times in ns at two times in ms. */
function coresOf(before: Pick<Reading, "at" | "cpuNs">, after: Pick<Reading, "at" | "cpuNs">): number {
  return after.at <= before.at ? 0 : (after.cpuNs - before.cpuNs) / 1e6 / (after.at - before.at);
}

/** What was used between two snapshots, most first. What came between them counts from its beginning. */
export function usageBetween(before: Snapshot, after: Snapshot): UsageBetween {
  const begin = { at: before.at, cpuNs: 0, memoryBytes: 0 };
  const pods = after.pods.map((pod) => ({
    name: pod.name,
    cores: coresOf(before.pods.find(({ uid }) => uid === pod.uid) ?? begin, pod),
    memoryBytes: pod.memoryBytes,
  }));
  const processes = byName(
    after.processes.map((one) => ({
      ...one,
      cores: coresOf(before.processes.find(({ pid, name }) => pid === one.pid && name === one.name) ?? begin, one),
    })),
  );
  const coresBetween = (of: (snapshot: Snapshot) => number | undefined): number | undefined => {
    const [from, to] = [of(before), of(after)];
    const at = (snapshot: Snapshot, cpuNs: number) => ({ at: snapshot.at, cpuNs });
    return from === undefined || to === undefined ? undefined : coresOf(at(before, from), at(after, to));
  };
  const { container } = after;
  const podCores = coresBetween((snapshot) => snapshot.podsNs) ?? sum(pods, "cores");
  const whole = container && before.container && coresOf(before.container, container);
  const cores = whole ?? podCores;
  const machine = coresBetween((snapshot) => snapshot.machineNs) ?? null;
  const hidden = {
    name: "short-lived",
    cores: Math.max(0, cores - podCores - sum(processes, "cores")),
    memoryBytes: 0,
  };
  return {
    pods: mostFirst(pods),
    podCores,
    processes: whole === undefined ? [] : [...mostFirst(processes), hidden],
    cores,
    memoryBytes: container?.memoryBytes ?? sum(pods, "memoryBytes"),
    machineCores: machine,
    otherCores: machine === null ? null : Math.max(0, machine - cores),
  };
}

const sum = (usages: readonly Usage[], what: "cores" | "memoryBytes"): number =>
  usages.reduce((total, usage) => total + usage[what], 0);

const mostFirst = (usages: readonly Usage[]): Usage[] => usages.toSorted((a, b) => b.cores - a.cores);

function byName(usages: readonly Usage[]): Usage[] {
  return [...Map.groupBy(usages, ({ name }) => name)].map(([name, of]) => ({
    name,
    cores: sum(of, "cores"),
    memoryBytes: sum(of, "memoryBytes"),
  }));
}

/** A pod as `/api/v1/pods` tells it, as far as it is compared. */
export interface PodState {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status?: { readonly containerStatuses?: readonly { readonly restartCount: number }[] };
}

/** What happened to pods between two lists, in words: at rest nothing does. */
export function podEvents(before: readonly PodState[], after: readonly PodState[]): string[] {
  const [had, has] = [before, after].map((list) => new Map(list.map((pod) => [pod.metadata.uid, pod])));
  const names = (list: readonly PodState[]): string => list.map(({ metadata }) => metadata.name).join(", ");
  const came = after.filter(({ metadata }) => had?.has(metadata.uid) === false);
  const went = before.filter(({ metadata }) => has?.has(metadata.uid) === false);
  const restarted = after.filter((pod) => {
    const old = had?.get(pod.metadata.uid);
    return old !== undefined && restartsOf(pod) > restartsOf(old);
  });
  return [
    ...(came.length === 0 ? [] : [`started: ${names(came)}`]),
    ...(went.length === 0 ? [] : [`ended: ${names(went)}`]),
    ...(restarted.length === 0 ? [] : [`restarted: ${names(restarted)}`]),
  ];
}

const restartsOf = ({ status }: PodState): number =>
  (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);

/** How often the kernel has looked whether a pod is at its CPU limit, and how often it was. */
export interface Throttling {
  readonly periods: number;
  readonly throttled: number;
}

const CFS = /^container_cpu_cfs_(throttled_)?periods_total\{container="",.*\bpod="([^"]+)"\} (\d+)/;

/** Throttling by pod, of the kubelet's `/metrics/cadvisor`; pods without a limit are not in it. */
export function throttlingOf(metrics: string): Map<string, Throttling> {
  const found = new Map<string, Throttling>();
  for (const line of metrics.split("\n")) {
    const [, throttled, pod, count] = CFS.exec(line) ?? [];
    if (pod === undefined) continue;
    const known = found.get(pod) ?? { periods: 0, throttled: 0 };
    found.set(pod, { ...known, [throttled === undefined ? "periods" : "throttled"]: Number(count) });
  }
  return found;
}

/** Share of its periods in which a pod was held back between two looks, 0 to 1; `undefined`: not known. */
export function throttledShare(before: Throttling | undefined, after: Throttling | undefined): number | undefined {
  if (after === undefined) return undefined;
  const from = before ?? { periods: 0, throttled: 0 };
  const periods = after.periods - from.periods;
  return periods <= 0 ? undefined : (after.throttled - from.throttled) / periods;
}
