import type {
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationArgs,
  StackValidationPolicy,
} from "@pulumi/policy";
import { containerSecurityContext, podSecurityContext } from "../../platform/hardening.ts";

/** A container that obeys every rule, with parts replaced. */
export function container(parts: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: "server",
    image: "registry.example.com/server:1.2.3",
    resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { cpu: "1", memory: "128Mi" } },
    readinessProbe: { tcpSocket: { port: 80 } },
    livenessProbe: { tcpSocket: { port: 80 } },
    securityContext: containerSecurityContext(),
    ...parts,
  };
}

/** A pod that obeys every rule, with parts replaced. */
export function pod(parts: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurityContext(),
    containers: [container()],
    ...parts,
  };
}

const metadata = { namespace: "data" };
const ending = { activeDeadlineSeconds: 60, backoffLimit: 0 };

/** Kinds that carry a pod, and where in their inputs it is. */
export const workloads: Readonly<Record<string, (spec: unknown) => Record<string, unknown>>> = {
  "kubernetes:core/v1:Pod": (spec) => ({ metadata, spec }),
  "kubernetes:apps/v1:Deployment": (spec) => ({ metadata, spec: { template: { spec } } }),
  "kubernetes:apps/v1:StatefulSet": (spec) => ({ metadata, spec: { template: { spec } } }),
  "kubernetes:apps/v1:DaemonSet": (spec) => ({ metadata, spec: { template: { spec } } }),
  "kubernetes:batch/v1:Job": (spec) => ({ metadata, spec: { ...ending, template: { spec } } }),
  "kubernetes:batch/v1:CronJob": (spec) => ({
    metadata,
    spec: { jobTemplate: { spec: { ...ending, template: { spec } } } },
  }),
  "kubernetes:core/v1:ConfigMap": (spec) => ({ metadata, data: { "pod.json": JSON.stringify({ spec }) } }),
};

/** What a policy reports about a resource called `it`. */
export async function violations(
  policy: ResourceValidationPolicy,
  type: string,
  props: Record<string, unknown>,
  config: Record<string, unknown> = {},
): Promise<string[]> {
  const found: string[] = [];
  const args = {
    type,
    props,
    urn: `urn:pulumi:test::millrace::${type}::it`,
    name: "it",
    opts: {},
    getConfig: () => config,
  } as unknown as ResourceValidationArgs;
  const { validateResource } = policy;
  for (const validate of Array.isArray(validateResource) ? validateResource : [validateResource]) {
    await validate?.(args, (message) => found.push(message));
  }
  return found;
}

/** What a policy reports about a Deployment with such a pod. */
export function inDeployment(policy: ResourceValidationPolicy, spec: unknown): Promise<string[]> {
  return violations(policy, "kubernetes:apps/v1:Deployment", { spec: { template: { spec } } });
}

export type StackResource = Pick<PolicyResource, "type" | "name" | "props">;

/** What a policy reports about a stack with these resources. */
export async function stackViolations(
  policy: StackValidationPolicy,
  resources: readonly StackResource[],
  config: Record<string, unknown> = {},
): Promise<string[]> {
  const found: string[] = [];
  const args = { resources, stackTags: new Map(), getConfig: () => config } as unknown as StackValidationArgs;
  await policy.validateStack(args, (message) => found.push(message));
  return found;
}
