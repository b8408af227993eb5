/** What the stack's cluster lacks, asked of its API server in the stack's own context. Each miss comes with what mends it. */
import { type ClusterClass, defaultClass } from "../clusters/classes.ts";
import { remedies } from "../clusters/targets.ts";
import { fit } from "../config/fit.ts";
import { enabledRooms, sectionOf } from "../config/rooms.ts";
import { quantityOf } from "../platform/quantity.ts";
import type { Scheduling } from "../platform/scheduling.ts";
import { messageOf } from "./errors.ts";
import { atLeast, type Finding, ok } from "./finding.ts";
import { ingressFindings } from "./ingress-probe.ts";
import { exists, type Kube } from "./kube.ts";
import { nodePortFindings } from "./node-port-probe.ts";
import { pullFindings } from "./pull-probe.ts";
import type { Stack } from "./stack.ts";
import { namespacesOf } from "../config/namespaces.ts";

/** The oldest Kubernetes that has what the platform uses: eviction of pods that aren't ready (1.27), admission policies (1.30). */
const LEAST_VERSION = "1.30";

/** A stack, as far as its cluster is asked about it. */
export type ProbedStack = Pick<Stack, "name" | "config" | "profile">;

interface List<T> {
  readonly items: readonly T[];
}

interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

interface Node {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[] };
  readonly status?: {
    readonly allocatable?: Readonly<Record<string, string>>;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly nodeInfo?: { readonly architecture?: string };
  };
}

interface RunningPod {
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly {
      readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
    }[];
  };
}

/** All that is asked of a cluster that answers. The embedded one brings its own version, names and registry. */
export async function clusterFindings(kube: Kube, stack: ProbedStack): Promise<Finding[]> {
  const isOurs = stack.profile.target === "embedded";
  const probes: readonly (readonly [subject: string, probe: () => Promise<Finding[]>])[] = [
    ...(isOurs ? [] : ([["version", () => versionFindings(kube)]] as const)),
    ["nodes", () => nodeFindings(kube, stack)],
    ["storage", () => storageFindings(kube, stack)],
    ["scheduling", () => priorityFindings(kube, stack)],
    ["ingress", () => ingressFindings(kube, stack)],
    ["node ports", () => nodePortFindings(kube, stack)],
    ...(isOurs
      ? []
      : ([
          ["DNS", () => dnsFindings(kube, stack)],
          ["registry", () => pullFindings(kube, stack)],
        ] as const)),
  ];
  const found = await Promise.all(probes.map(([subject, probe]) => orWarning(subject, stack, probe)));
  return found.flat();
}

/**
 * What no `up` can work without, and what no cluster adds by itself, one line each. A node may still come, so that there is
 * none for the stack's pods now is for the doctor only.
 */
export async function clusterRefusals(kube: Kube, stack: ProbedStack): Promise<string[]> {
  const probes = [
    versionFindings(kube),
    storageFindings(kube, stack),
    priorityFindings(kube, stack),
    ingressFindings(kube, stack),
    nodePortFindings(kube, stack),
  ];
  const found = await Promise.allSettled(probes);
  return found
    .flatMap((one) => (one.status === "fulfilled" ? one.value : []))
    .flatMap(({ level, detail, next }) => (level === "problem" ? [`${detail}; ${next}`] : []));
}

/** A question that the account may not ask, or that is not answered, hides none of the others. */
async function orWarning(subject: string, stack: ProbedStack, probe: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await probe();
  } catch (error) {
    const detail = `can't be asked: ${messageOf(error)}`;
    const next = `let the account of context "${stack.profile.context}" read it, or look yourself`;
    return [{ subject, level: "warning", detail, next }];
  }
}

async function versionFindings(kube: Kube): Promise<Finding[]> {
  const { gitVersion } = await kube.get<{ readonly gitVersion: string }>("/version");
  const version = /\d+\.\d+/.exec(gitVersion)?.[0] ?? "0";
  if (atLeast(version, LEAST_VERSION)) return [ok("version", `Kubernetes ${gitVersion}`)];
  return [
    {
      subject: "version",
      level: "problem",
      detail: `Kubernetes ${gitVersion} is older than ${LEAST_VERSION}`,
      next: `upgrade the cluster to ${LEAST_VERSION} or later`,
    },
  ];
}

async function nodeFindings(kube: Kube, stack: ProbedStack): Promise<Finding[]> {
  const [{ items: nodes }, { items: pods }] = await Promise.all([
    kube.get<List<Node>>("/api/v1/nodes"),
    kube.get<List<RunningPod>>(
      `/api/v1/pods?fieldSelector=${encodeURIComponent("status.phase!=Succeeded,status.phase!=Failed")}`,
    ),
  ]);
  const architecture = stack.profile.platform.split("/")[1] ?? "";
  const able = nodes.filter((node) => isReady(node) && node.status?.nodeInfo?.architecture === architecture);
  if (able.length === 0) {
    const states = nodes.map(
      (node) =>
        `${node.metadata.name} (${node.status?.nodeInfo?.architecture ?? "unknown"}, ${isReady(node) ? "ready" : "not ready"})`,
    );
    return [
      {
        subject: "nodes",
        level: "problem",
        detail: `no node of architecture ${architecture} is ready; the cluster has ${states.join(", ") || "none"}`,
        next: remedies(stack.profile).start,
      },
    ];
  }
  const places = placesOf(stack);
  const misplaced = places.flatMap((place) => placeProblem(place, able, stack));
  const usable = able.filter((node) => places.some(({ scheduling }) => fits(node, scheduling)));
  return [
    ok("nodes", `${able.length} ready for ${stack.profile.platform}`),
    ...misplaced,
    ...(usable.length === 0 ? [] : [room(usable, pods, stack)]),
    ...addressFindings(nodes, stack),
  ];
}

const isReady = ({ spec, status }: Node): boolean =>
  spec?.unschedulable !== true &&
  (status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false);

/** What pods of other namespaces leave of these nodes, against what the platform requests. */
function room(nodes: readonly Node[], pods: readonly RunningPod[], { config }: ProbedStack): Finding {
  const names = nodes.map(({ metadata }) => metadata.name);
  const own = namespacesOf(config.cluster);
  const others = pods.filter(
    ({ metadata, spec }) =>
      !own.includes(metadata.namespace) && spec.nodeName !== undefined && names.includes(spec.nodeName),
  );
  const free = (what: "cpu" | "memory"): number => {
    const given = nodes.map(({ status }) => quantityOf(status?.allocatable?.[what]) ?? 0);
    const taken = others.flatMap(({ spec }) =>
      spec.containers.map(({ resources }) => quantityOf(resources?.requests?.[what]) ?? 0),
    );
    return Math.max(0, sum(given) - sum(taken));
  };
  const have = { cpuMillis: Math.floor(free("cpu") * 1000), memoryMi: Math.floor(free("memory") / 2 ** 20) };
  const { fits: isEnough, need, proposal } = fit(config, have);
  if (!isEnough) {
    const next = "do one of these, or give the cluster more, then npm run up";
    return { subject: "resources", level: "problem", detail: proposal, next };
  }
  const words = ({ cpuMillis, memoryMi }: typeof have): string => `${cpuMillis}m of CPU and ${memoryMi}Mi of memory`;
  return ok("resources", `${words(have)} are free, and ${words(need)} are requested`);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Where node ports are looked for. */
function addressFindings(nodes: readonly Node[], { name, profile }: ProbedStack): Finding[] {
  const { exposure } = profile;
  if (profile.target === "embedded" || exposure.kind !== "nodePort" || /[a-z]/i.test(exposure.host)) return [];
  const addresses = nodes.flatMap(({ status }) => status?.addresses ?? []).map(({ address }) => address);
  if (exposure.host === "127.0.0.1" || addresses.length === 0 || addresses.includes(exposure.host)) return [];
  return [
    {
      subject: "host",
      level: "warning",
      detail: `node ports are looked for at ${exposure.host}, and the nodes have ${addresses.join(", ")}`,
      next: `set cluster.host of Pulumi.${name}.yaml to an address under which this machine reaches a node`,
    },
  ];
}

/** One way in which pods are placed. */
interface Place {
  /** The setting that it comes from. */
  readonly at: string;
  readonly scheduling: Scheduling;
}

/** The places of all services that are enabled, each once. */
function placesOf({ config }: ProbedStack): Place[] {
  const places = new Map<string, Place>([
    [JSON.stringify(config.scheduling), { at: "millrace:scheduling", scheduling: config.scheduling }],
  ]);
  for (const { room: service, view } of enabledRooms(config)) {
    const scheduling = (view.own as { readonly scheduling?: Scheduling }).scheduling ?? {};
    const key = JSON.stringify(scheduling);
    if (!places.has(key)) places.set(key, { at: `${sectionOf(service)}.scheduling`, scheduling });
  }
  return [...places.values()];
}

function placeProblem({ at, scheduling }: Place, nodes: readonly Node[], { name, profile }: ProbedStack): Finding[] {
  if (nodes.some((node) => fits(node, scheduling))) return [];
  const labels = Object.entries(scheduling.nodeSelector ?? {}).map(([key, value]) => `${key}=${value}`);
  const selected = nodes.filter((node) => isSelected(node, scheduling));
  const [node] = selected.length === 0 ? nodes : selected;
  const taints = [...new Set(selected.flatMap((one) => keptOff(one, scheduling)).map(taintText))];
  const where = `Pulumi.${name}.yaml`;
  return [
    selected.length === 0
      ? {
          subject: "scheduling",
          level: "problem",
          detail: `${at}.nodeSelector: no ready node has ${labels.join(", ")}`,
          next: `kubectl --context ${profile.context} label node ${node?.metadata.name ?? ""} ${labels.join(" ")}, or correct ${where}`,
        }
      : {
          subject: "scheduling",
          level: "problem",
          detail: `${at}.tolerations: none for the taints of the nodes: ${taints.join(", ")}`,
          next: `add tolerations for them to ${where}, or take the taint away: kubectl --context ${profile.context} taint node ${node?.metadata.name ?? ""} ${taints[0] ?? ""}-`,
        },
  ];
}

const isSelected = ({ metadata }: Node, { nodeSelector = {} }: Scheduling): boolean =>
  Object.entries(nodeSelector).every(([key, value]) => metadata.labels?.[key] === value);

const fits = (node: Node, scheduling: Scheduling): boolean =>
  isSelected(node, scheduling) && keptOff(node, scheduling).length === 0;

/** Taints that keep pods off a node. */
function keptOff({ spec }: Node, { tolerations = [] }: Scheduling): Taint[] {
  const hard = (spec?.taints ?? []).filter(({ effect }) => effect !== "PreferNoSchedule");
  return hard.filter(
    (taint) =>
      !tolerations.some(
        ({ key, operator = "Equal", value = "", effect }) =>
          (effect === undefined || effect === taint.effect) &&
          (key === undefined || key === taint.key) &&
          (operator === "Exists" || value === (taint.value ?? "")),
      ),
  );
}

const taintText = ({ key, value = "", effect }: Taint): string => `${key}${value === "" ? "" : `=${value}`}:${effect}`;

/** PriorityClasses that are named and not there: their pods would be refused. */
async function priorityFindings(kube: Kube, stack: ProbedStack): Promise<Finding[]> {
  const wanted = [...new Set(placesOf(stack).flatMap(({ scheduling }) => scheduling.priorityClassName ?? []))];
  const found = await Promise.all(
    wanted.map(async (name): Promise<Finding[]> => {
      if (await exists(kube, `/apis/scheduling.k8s.io/v1/priorityclasses/${name}`)) return [];
      return [
        {
          subject: "scheduling",
          level: "problem",
          detail: `there is no PriorityClass "${name}"`,
          next: `kubectl --context ${stack.profile.context} create priorityclass ${name} --value=1000, or correct Pulumi.${stack.name}.yaml`,
        },
      ];
    }),
  );
  return found.flat();
}

/** A named StorageClass that is not there, or no default one: the claims would wait for ever. */
async function storageFindings(kube: Kube, { name: stack, profile }: ProbedStack): Promise<Finding[]> {
  const wanted = profile.storageClass;
  if (wanted === "none") return [];
  const { items } = await kube.get<List<ClusterClass>>("/apis/storage.k8s.io/v1/storageclasses");
  const names = items.map((item) => item.metadata.name);
  const found = wanted === "default" ? defaultClass("storage", items) : names.find((name) => name === wanted);
  if (found !== undefined) return [ok("storage", `StorageClass ${found}`)];
  const other = `name one that exists in cluster.storageClass of Pulumi.${stack}.yaml, or "none" to keep data in the pods`;
  const { storageClass: command } = remedies(profile);
  return [
    {
      subject: "storage",
      level: "problem",
      detail: `no ${wanted === "default" ? "default StorageClass" : `StorageClass "${wanted}"`}; the cluster has ${names.length === 0 ? "none" : names.join(", ")}`,
      next: command === undefined ? other : `${command}, or ${other}`,
    },
  ];
}

interface EndpointSlice {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[];
}

/** The names of Services: behind the address that every pod asks, something must answer. */
async function dnsFindings(kube: Kube, { profile }: ProbedStack): Promise<Finding[]> {
  const label = encodeURIComponent("k8s-app=kube-dns");
  const services = await kube.get<List<{ readonly metadata: { readonly name: string } }>>(
    `/api/v1/namespaces/kube-system/services?labelSelector=${label}`,
  );
  const [service] = services.items;
  const { dns } = remedies(profile);
  if (service === undefined) {
    const detail = "kube-system has no Service with the label k8s-app=kube-dns, by which clusters name their own";
    return [{ subject: "DNS", level: "warning", detail, next: dns }];
  }
  const slices = await kube.get<List<EndpointSlice>>(
    "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices?labelSelector=" +
      encodeURIComponent(`kubernetes.io/service-name=${service.metadata.name}`),
  );
  const ready = slices.items
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false).length;
  if (ready > 0) return [ok("DNS", `Service ${service.metadata.name}, ${ready} pod(s) ready`)];
  const detail = `no pod behind the Service ${service.metadata.name} in kube-system is ready, so pods find no Service by its name`;
  return [{ subject: "DNS", level: "problem", detail, next: dns }];
}
