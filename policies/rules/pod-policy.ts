/** Makes a policy out of a check over pod specs, for every kind that carries one. */
import type { ResourceValidationPolicy } from "@pulumi/policy";
import { child } from "../../config/child.ts";
import { type PodSpec, podTemplateIn } from "../../platform/pod-spec.ts";

/** A pod as part of a resource. */
export interface Pod {
  /** What comes before each message about it. */
  readonly where: string;
  readonly spec: PodSpec;
  readonly labels: Readonly<Record<string, string>>;
  /** `false` for Jobs, whose pods end by themselves, and for pods that others make from a text. */
  readonly longRunning: boolean;
}

const TEMPLATE = ["spec", "template"];
const kinds: Readonly<Record<string, { readonly path: readonly string[]; readonly longRunning: boolean }>> = {
  Pod: { path: [], longRunning: true },
  Deployment: { path: TEMPLATE, longRunning: true },
  StatefulSet: { path: TEMPLATE, longRunning: true },
  DaemonSet: { path: TEMPLATE, longRunning: true },
  ReplicaSet: { path: TEMPLATE, longRunning: true },
  Job: { path: TEMPLATE, longRunning: false },
  CronJob: { path: ["spec", "jobTemplate", ...TEMPLATE], longRunning: false },
};

/** What lies at a path of a resource's properties. */
export function at(props: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(child, props);
}

/** An object's properties; none of what is no object. */
export function entries(value: unknown): [key: string, value: unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

/** A list that may be absent. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The pods of a resource: its own, and those that others make from the texts of a ConfigMap. */
export function podsOf(type: string, props: unknown): Pod[] {
  const kind = kindOf(type);
  if (kind === "ConfigMap") {
    return entries(at(props, "data")).flatMap(([key, text]) => {
      const template = podTemplateIn(text);
      return template === undefined ? [] : podIn(template, false, `key "${key}": `);
    });
  }
  const known = child(kinds, kind) as (typeof kinds)[string] | undefined;
  return known === undefined ? [] : podIn(at(props, ...known.path), known.longRunning, "");
}

function podIn(template: unknown, longRunning: boolean, where: string): Pod[] {
  const spec = child(template, "spec");
  if (typeof spec !== "object" || spec === null) return [];
  const ends = ["Never", "OnFailure"].includes(String(child(spec, "restartPolicy")));
  const labels = (at(template, "metadata", "labels") ?? {}) as Record<string, string>;
  return [{ where, spec, labels, longRunning: longRunning && !ends }];
}

/** `Deployment` of `kubernetes:apps/v1:Deployment`; nothing for resources of others. */
export function kindOf(type: string): string {
  return type.startsWith("kubernetes:") ? (type.split(":")[2] ?? "") : "";
}

/** Whether a resource is a set of rights. */
export function isRole(type: string): boolean {
  return ["Role", "ClusterRole"].includes(kindOf(type));
}

/** The namespace in which a resource's pods are; `undefined`: whoever makes them from a text knows it. */
export function namespaceOfPods(type: string, props: unknown): unknown {
  return kindOf(type) === "ConfigMap" ? undefined : at(props, "metadata", "namespace");
}

/** What a rule is, beside its check. */
export interface Rule {
  /** Name in the form `kubernetes-<what>-<demand>`. */
  readonly name: string;
  /** What is demanded and why, one sentence. */
  readonly description: string;
  /** What to change. */
  readonly remediationSteps: string;
}

/** Setting of every policy, in a policy config file. */
export const configSchema = {
  properties: {
    exempt: {
      type: "array" as const,
      items: { type: "string" as const },
      default: [],
      description: "Names of resources left alone.",
    },
  },
};

/**
 * A policy over pods. Its setting `exempt` names resources that it leaves alone.
 * @param check Returns one message per violation.
 */
export function podPolicy(
  rule: Rule,
  check: (spec: PodSpec, longRunning: boolean) => string[],
): ResourceValidationPolicy {
  return resourcePolicy(rule, (type, props) =>
    podsOf(type, props).flatMap(({ where, spec, longRunning }) =>
      check(spec, longRunning).map((problem) => `${where}${problem}`),
    ),
  );
}

/** A policy over any resource. @param check Returns one message per violation. */
export function resourcePolicy(
  rule: Rule,
  check: (type: string, props: unknown) => string[],
): ResourceValidationPolicy {
  return {
    ...rule,
    configSchema,
    enforcementLevel: "mandatory",
    severity: "high",
    validateResource: (args, report) => {
      const { exempt = [] } = args.getConfig<{ exempt?: string[] }>();
      if (exempt.includes(args.name)) return;
      for (const problem of check(args.type, args.props)) report(`${kindOf(args.type)} "${args.name}": ${problem}`);
    },
  };
}
