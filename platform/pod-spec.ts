/** The parts of a pod that checks read. Unknown parts are allowed, since specs come from anywhere. */

export interface ContainerSpec {
  readonly name?: string;
  readonly image?: string;
  readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts };
  readonly readinessProbe?: unknown;
  readonly livenessProbe?: unknown;
  readonly startupProbe?: unknown;
  readonly env?: readonly EnvSpec[];
  readonly ports?: readonly { readonly containerPort?: number; readonly hostPort?: number }[];
  readonly securityContext?: ContainerSecurity;
}

export interface EnvSpec {
  readonly name?: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

export interface PodSpec {
  readonly containers?: readonly ContainerSpec[];
  readonly initContainers?: readonly (ContainerSpec & { readonly restartPolicy?: string })[];
  /** Each is a `VolumeSpec`, whatever else it has. */
  readonly volumes?: readonly object[];
  readonly securityContext?: Pick<ContainerSecurity, "runAsNonRoot" | "runAsUser" | "seccompProfile">;
  readonly automountServiceAccountToken?: boolean;
  readonly serviceAccountName?: string;
  readonly enableServiceLinks?: boolean;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
}

/** A name, and one key for what the volume is. */
export interface VolumeSpec {
  readonly name?: string;
  readonly emptyDir?: object;
}

type Amounts = Readonly<Record<string, string | number | undefined>>;

interface ContainerSecurity {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly allowPrivilegeEscalation?: boolean;
  readonly privileged?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  readonly seccompProfile?: { readonly type?: string };
}

/** All containers of a pod with what messages call them, those that run first included. */
export function eachContainer(pod: PodSpec): { title: string; container: ContainerSpec }[] {
  return [
    ...(pod.initContainers ?? []).map((container) => ({ title: `init ${titleOf(container)}`, container })),
    ...(pod.containers ?? []).map((container) => ({ title: titleOf(container), container })),
  ];
}

/** A value of a spec in a message. */
export function received(value: unknown): string {
  return value === undefined ? "unset" : JSON.stringify(value);
}

/** What messages call a container. */
export function titleOf(container: ContainerSpec): string {
  return `container "${container.name ?? ""}"`;
}

/** The pod that a text describes, from which others make pods; `undefined`: it is something else. */
export function podTemplateIn(text: unknown): { readonly metadata?: object; readonly spec: PodSpec } | undefined {
  if (typeof text !== "string" || !/^\s*\{/.test(text)) return undefined;
  try {
    const read = JSON.parse(text) as { readonly metadata?: object; readonly spec?: PodSpec | null };
    return Array.isArray(read.spec?.containers) ? { ...read, spec: read.spec } : undefined;
  } catch {
    return undefined;
  }
}
