/** Where pods run, and before whom: the settings, their problems, and the fields of a pod. Loads no Pulumi. */
import type * as pulumi from "@pulumi/pulumi";
import * as z from "zod";

const PREFIX = "([a-z0-9]([-a-z0-9.]*[a-z0-9])?\\/)?";
const NAME = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";

const labelKey = () =>
  z
    .string()
    .regex(new RegExp(`^${PREFIX}${NAME}$`))
    .meta({
      "x-range":
        'the name of a label, such as "pool" or "example.com/pool": at most 63 letters, digits, dashes, dots and underscores ' +
        "after the slash, with a letter or digit at both ends",
    });

const labelValue = () =>
  z
    .string()
    .regex(new RegExp(`^(${NAME})?$`))
    .meta({
      "x-range":
        "text of at most 63 letters, digits, dashes, dots and underscores, with a letter or digit at both ends; " +
        'what YAML takes for a number or for true or false needs quotes, such as "true"',
    });

const toleration = () =>
  z
    .strictObject({
      key: labelKey().optional().describe("Key of the taint. Default: any, which needs operator `Exists`."),
      operator: z
        .enum(["Equal", "Exists"])
        .optional()
        .describe("Whether the taint's value must be `value`. Default: `Equal`."),
      value: labelValue().optional().describe("Value of the taint, with operator `Equal`. Default: none."),
      effect: z
        .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
        .optional()
        .describe("Effect of the taint. Default: any."),
      tolerationSeconds: z
        .int()
        .min(0)
        .max(31_536_000)
        .optional()
        .describe("Seconds that a pod stays on a node after the taint, with effect `NoExecute`. Default: for ever."),
    })
    .meta({ "x-range": "settings: key, operator, value, effect, tolerationSeconds" });

const shape = () =>
  z.strictObject({
    nodeSelector: z
      .record(labelKey(), labelValue())
      .meta({ "x-range": "labels with their values, all of which the node has" })
      .optional()
      .describe("Labels of the nodes that pods may run on. Default: any node."),
    tolerations: z
      .array(toleration())
      .max(50)
      .meta({
        "x-range": "a list of tolerations, each with key, operator, value, effect or tolerationSeconds",
        "x-also-called": ["taints"],
      })
      .optional()
      .describe("Taints of nodes that pods may run on all the same, in Kubernetes' own form. Default: none."),
    priorityClassName: z
      .string()
      .max(253)
      .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
      .meta({
        "x-range": "the name of a PriorityClass, which must exist",
        "x-also-called": ["priority", "priorityClass"],
      })
      .optional()
      .describe("PriorityClass of the pods. Default: the cluster's own."),
  });

/** The setting for all pods. */
export const platformScheduling = () =>
  shape()
    .prefault({})
    .describe(
      "Where all pods run, also those that services make themselves: executors, tasks and users' servers. " +
        "`scheduling` of a service does the same for its pods, and each setting that is given there replaces the one here.",
    );

/** The setting for the pods of one service. @param whose In words: "the brokers". */
export const schedulingSetting = (whose: string) =>
  shape()
    .meta({ "x-like": "millrace:scheduling" })
    .optional()
    .describe(
      `Node selector, tolerations and priority of ${whose}. What is given replaces the same setting of \`millrace:scheduling\`.`,
    );

/** Where pods run; nothing given is what Kubernetes does by itself. */
export type Scheduling = z.output<ReturnType<typeof shape>>;

/** Tolerations that Kubernetes refuses. @param at The setting that they are in, up to `tolerations`. */
export function schedulingProblems(at: string, { tolerations = [] }: Scheduling): string[] {
  return tolerations.flatMap(({ key, operator = "Equal", value, effect, tolerationSeconds }, index) => {
    const here = `${at}.tolerations.${index}`;
    const problems: string[] = [];
    if (key === undefined && operator === "Equal") {
      problems.push(
        `${here}.key: missing; give the key of a taint, or operator Exists, which without a key stands for all taints`,
      );
    }
    if (operator === "Exists" && value !== undefined && value !== "") {
      problems.push(
        `${here}.value: received "${value}" with operator Exists, which takes any value; remove it, or give operator Equal`,
      );
    }
    if (tolerationSeconds !== undefined && effect !== "NoExecute") {
      problems.push(
        `${here}.tolerationSeconds: received ${tolerationSeconds} with ${effect === undefined ? "no effect" : `effect ${effect}`}; ` +
          "only NoExecute has an end; give effect NoExecute, or remove it",
      );
    }
    return problems;
  });
}

/** What a service's own setting makes of that for all. */
export function schedulingOf(all: Scheduling, own: Scheduling = {}): Scheduling {
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  return { ...all, ...(Object.fromEntries(given) as Scheduling) };
}

/** As the API server writes a toleration. */
function withoutEmptyValue({ value, ...toleration }: NonNullable<Scheduling["tolerations"]>[number]) {
  return value === undefined || value === "" ? toleration : { ...toleration, value };
}

/** The fields of a pod; none where nothing is set. */
export function podScheduling({ nodeSelector = {}, tolerations = [], priorityClassName }: Scheduling) {
  return {
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector: { ...nodeSelector } }),
    ...(tolerations.length > 0 && { tolerations: tolerations.map(withoutEmptyValue) }),
    ...(priorityClassName !== undefined && { priorityClassName }),
  };
}

interface Templated {
  readonly template?: { readonly spec?: object };
  readonly jobTemplate?: { readonly spec?: Templated };
}

/** Puts the pods of everything that runs pods where they belong; what an object says of itself stays. */
export function schedulingTransformation(scheduling: Scheduling): pulumi.ResourceTransformation {
  const fields = podScheduling(scheduling);
  const placed = <Spec extends Templated>(spec: Spec): Spec => ({
    ...spec,
    ...(spec.template && { template: { ...spec.template, spec: { ...fields, ...spec.template.spec } } }),
    ...(spec.jobTemplate?.spec && { jobTemplate: { ...spec.jobTemplate, spec: placed(spec.jobTemplate.spec) } }),
  });
  return ({ type, props, opts }) => {
    if (Object.keys(fields).length === 0 || !/^kubernetes:(apps|batch)\//.test(type)) return undefined;
    return { props: { ...props, spec: placed(props["spec"] as Templated) }, opts };
  };
}
