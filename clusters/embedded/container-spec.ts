/** The node container as values: what it may do, what it mounts and publishes. */
import type Docker from "dockerode";
import { rooms } from "../../components/index.ts";
import type { NodePorts } from "../../platform/exposure.ts";
import type { PublishedPort, Service } from "../../platform/service.ts";
import { type Pose, poseVariables } from "./pose.ts";

/** Name of the embedded cluster where the stack gives it none. */
export const DEFAULT_NAME = "millrace";
export const LABEL = "dev.millrace.cluster";
/** Of the container: the version of Kubernetes that writes its volume. */
export const KUBERNETES_LABEL = `${LABEL}.kubernetes`;
/** The node's own name, the same in every embedded cluster: its certificates and volumes bear it. */
const HOSTNAME = "millrace";

/** Names in the Docker engine of what makes up one cluster. */
export interface EmbeddedNames {
  readonly container: string;
  readonly volume: string;
  readonly network: string;
}

export function embeddedNames(name: string): EmbeddedNames {
  return { container: name, volume: `${name}-var`, network: name };
}

export const KERNEL_MODULES = "/lib/modules";

/** Seconds that `docker stop` waits; the supervisor needs at most 13. */
export const STOP_SECONDS = 14;

/** What the node keeps for itself, out of the pods' reach: the kubelet's `systemReserved` and eviction threshold. */
export const NODE_RESERVE = { cpuMillis: 200, memoryMi: 768 + 200 } as const;

/** Ports on 127.0.0.1 of the user's machine: the cluster's own, and the rooms' node ports, the same inside and outside. */
export interface EmbeddedPorts extends NodePorts {
  readonly apiServer: number;
  readonly registry: number;
}

/** Everything that the rooms publish, by its key in `millrace:cluster.nodePorts`. */
export const publishedPorts: Readonly<Record<string, PublishedPort>> = Object.assign(
  {},
  ...Object.values<Service>(rooms).map(({ published }) => published ?? {}),
) as Record<string, PublishedPort>;

export const defaultPorts: EmbeddedPorts = {
  apiServer: 16443,
  registry: 5000,
  ...Object.fromEntries(Object.entries(publishedPorts).map(([key, { nodePort }]) => [key, nodePort])),
};

/** Linux capabilities by their number in the kernel. */
const CAPABILITIES = (
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE " +
  "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN " +
  "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE " +
  "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
).split(" ");

/** Without these no pod can be run at all. */
const INDISPENSABLE = ["SYS_ADMIN", "NET_ADMIN", "SYS_CHROOT", "MKNOD", "SETUID", "SETGID"];

/**
 * Names of the capabilities in a bounding set as `/proc/<pid>/status` prints it (`CapBnd:`, hexadecimal).
 * @throws Error when the set lacks what a node needs.
 */
export function grantableCapabilities(capBnd: string): string[] {
  const mask = BigInt(`0x${capBnd.trim()}`);
  const names = CAPABILITIES.filter((_, bit) => ((mask >> BigInt(bit)) & 1n) === 1n);
  const missing = INDISPENSABLE.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new Error(
      `this Docker engine cannot grant ${missing.map((name) => `CAP_${name}`).join(", ")} to a container, and a Kubernetes node needs ` +
        "them; use an engine that runs as root (not rootless), or set cluster.target to minikube, microk8s or cloud",
    );
  }
  return names;
}

/** The capability that an engine names as unknown to it (each knows those of its time), or `undefined`. */
export function unknownCapability(message: string): string | undefined {
  return /(?:unknown|invalid) capabilit\w+:?.*?CAP_(\w+)/i.exec(message)?.[1];
}

/** Sets how many processors the node may use, for example `0.5`, when its container is made: for tests on slow machines. */
export const CPUS_VARIABLE = "MILLRACE_NODE_CPUS";

/** @throws Error when it is no number of processors. */
export function cpuQuota(text: string | undefined): { readonly NanoCpus?: number } {
  if (text === undefined || text === "") return {};
  const cpus = Number(text);
  if (!(cpus >= 0.1))
    throw new Error(`${CPUS_VARIABLE} is "${text}"; give a number of processors, at least 0.1, or leave it out`);
  return { NanoCpus: Math.round(cpus * 1e9) };
}

export interface ContainerInput {
  readonly names: EmbeddedNames;
  /** Whose it is. */
  readonly owner: Readonly<Record<string, string>>;
  readonly image: string;
  /** Version of Kubernetes in the image. */
  readonly kubernetes: string;
  readonly capabilities: readonly string[];
  readonly ports: EmbeddedPorts;
  /** Host folder or volume that keeps pushed images, so that they outlive the cluster. */
  readonly registry: string;
  /** Whether the engine's machine has kernel modules to offer; without them it refuses the mount. */
  readonly modules: boolean;
  /** Processors that the node may use. @default - all */
  readonly cpus?: string | undefined;
  /** What it passes for. @default - an embedded cluster */
  readonly pose?: Pose | undefined;
}

/**
 * `container port → host port` of everything published.
 * @param inner Port of the registry in the container.
 */
export function portMap(ports: EmbeddedPorts, inner = 5000): ReadonlyMap<number, number> {
  const { apiServer, registry, ...nodePorts } = ports;
  return new Map([[6443, apiServer], [inner, registry], ...Object.values(nodePorts).map((p) => [p, p] as const)]);
}

/** Node ports that are published for UDP too. */
function udpPorts(ports: EmbeddedPorts): number[] {
  return Object.entries(publishedPorts).flatMap(([key, { udp }]) => (udp === true ? (ports[key] ?? []) : []));
}

type HostConfig = NonNullable<Docker.ContainerCreateOptions["HostConfig"]>;

/** Settings of the engine API that its client's types lack. */
interface UntypedHostConfig {
  readonly MaskedPaths: string[];
  readonly ReadonlyPaths: string[];
  readonly CgroupnsMode: "private" | "host";
}

/**
 * Options to create the node container. Capabilities are listed instead of `privileged`, which fails on engines that
 * themselves lack one; paths masked by default are opened because the kubelet writes sysctls and cgroups.
 */
export function containerOptions(input: ContainerInput): Docker.ContainerCreateOptions {
  const { pose } = input;
  const published = [...portMap(input.ports, pose?.registry.port)];
  const bound = published.flatMap(([inside, outside]) => [
    [`${inside}/tcp`, outside] as const,
    ...(udpPorts(input.ports).includes(inside) ? [[`${inside}/udp`, outside] as const] : []),
  ]);
  const hostConfig: HostConfig & UntypedHostConfig = {
    ...cpuQuota(input.cpus),
    CapAdd: [...input.capabilities],
    SecurityOpt: ["seccomp=unconfined", "apparmor=unconfined", "label=disable"],
    MaskedPaths: [],
    ReadonlyPaths: [],
    CgroupnsMode: "private",
    Devices: [{ PathOnHost: "/dev/kmsg", PathInContainer: "/dev/kmsg", CgroupPermissions: "rwm" }],
    // Process 1 is Docker's init: it reaps what dying pods leave behind.
    Init: true,
    Tmpfs: { "/run": "rw,exec,mode=755", "/tmp": "rw,exec,mode=1777" },
    Binds: [`${input.names.volume}:/var`, `${input.registry}:/registry`],
    ...(input.modules && {
      Mounts: [{ Type: "bind", Source: KERNEL_MODULES, Target: KERNEL_MODULES, ReadOnly: true }],
    }),
    PortBindings: Object.fromEntries(
      bound.map(([inside, outside]) => [inside, [{ HostIp: "127.0.0.1", HostPort: String(outside) }]]),
    ),
    NetworkMode: input.names.network,
    RestartPolicy: { Name: "unless-stopped" },
    LogConfig: { Type: "json-file", Config: { "max-size": "5m", "max-file": "2" } },
  };
  return {
    name: input.names.container,
    Image: input.image,
    Hostname: pose?.node ?? HOSTNAME,
    ...(pose && { Env: poseVariables(pose) }),
    Labels: {
      [LABEL]: "embedded",
      [`${LABEL}.ports`]: JSON.stringify(published),
      [KUBERNETES_LABEL]: input.kubernetes,
      ...input.owner,
    },
    ExposedPorts: Object.fromEntries(bound.map(([inside]) => [inside, {}])),
    StopTimeout: STOP_SECONDS,
    HostConfig: hostConfig,
  };
}
