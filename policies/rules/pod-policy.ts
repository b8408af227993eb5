/** Makes a policy out of a check over pod specs, for every kind that carries one. */
import type { ResourceValidationPolicy } from "@pulumi/policy";
import { child } from "../../config/child.ts";
import type { PodSpec } from "../../platform/hardening.ts";

/** A pod as part of a resource. */
interface Pod {
  readonly spec: PodSpec;
  /** `false` for Jobs, whose pods end by themselves. */
  readonly longRunning: boolean;
}

const TEMPLATE = ["spec", "template", "spec"];
const kinds: Readonly<Record<string, { readonly path: readonly string[]; readonly longRunning: boolean }>> = {
  Pod: { path: ["spec"], longRunning: true },
  Deployment: { path: TEMPLATE, longRunning: true },
  StatefulSet: { path: TEMPLATE, longRunning: true },
  DaemonSet: { path: TEMPLATE, longRunning: true },
  ReplicaSet: { path: TEMPLATE, longRunning: true },
  Job: { path: TEMPLATE, longRunning: false },
  CronJob: { path: ["spec", "jobTemplate", ...TEMPLATE], longRunning: false },
};

/** The pod of a resource; `undefined` for kinds without one. */
export function podOf(type: string, props: unknown): Pod | undefined {
  const kind = child(kinds, kindOf(type)) as (typeof kinds)[string] | undefined;
  const spec = kind?.path.reduce<unknown>((value, key) => child(value, key), props);
  if (kind === undefined || typeof spec !== "object" || spec === null) return undefined;
  const ends = ["Never", "OnFailure"].includes(String(child(spec, "restartPolicy")));
  return { spec, longRunning: kind.longRunning && !ends };
}

/** `Deployment` of `kubernetes:apps/v1:Deployment`; nothing for resources of others. */
export function kindOf(type: string): string {
  return type.startsWith("kubernetes:") ? (type.split(":")[2] ?? "") : "";
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

/**
 * A policy over pods. Its setting `exempt` (in a policy config file) names resources that it leaves alone.
 * @param check Returns one message per violation.
 */
export function podPolicy(
  rule: Rule,
  check: (spec: PodSpec, longRunning: boolean) => string[],
): ResourceValidationPolicy {
  return resourcePolicy(rule, (type, props) => {
    const pod = podOf(type, props);
    return pod === undefined ? [] : check(pod.spec, pod.longRunning);
  });
}

/** A policy over any resource. @param check Returns one message per violation. */
export function resourcePolicy(
  rule: Rule,
  check: (type: string, props: unknown) => string[],
): ResourceValidationPolicy {
  return {
    name: rule.name,
    description: rule.description,
    configSchema: {
      properties: {
        exempt: {
          type: "array",
          items: { type: "string" },
          default: [],
          description: "Names of resources left alone.",
        },
      },
    },
    enforcementLevel: "mandatory",
    severity: "high",
    remediationSteps: rule.remediationSteps,
    validateResource: (args, report) => {
      const { exempt = [] } = args.getConfig<{ exempt?: string[] }>();
      if (exempt.includes(args.name)) return;
      for (const problem of check(args.type, args.props)) report(`${kindOf(args.type)} "${args.name}": ${problem}`);
    },
  };
}
