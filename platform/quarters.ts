/**
 * Namespaces of people's programs: pods that others make are there, with the Secrets that they are given and no more. Who may
 * make pods in a namespace can mount all of its Secrets and run as any of its accounts, so it has none of the platform's.
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "./component.ts";
import { namespaceLabels } from "./namespace.ts";
import { labels, quarterNamespace, type QuarterName } from "./names.ts";
import { type PodMaker, restrictMaker } from "./pod-makers.ts";
import { canonicalSize, mebibytes } from "./quantity.ts";
import type { Resources } from "./resources.ts";

/** Where the pods of people's programs are. */
export interface Quarters {
  /** What follows the platform's name in the namespace's. @default - it is the platform's own: the stack has one only */
  readonly in?: QuarterName;
  readonly namespace: pulumi.Output<string>;
  /** Makes what pods there refer to, where it is not there already. */
  give(...refs: readonly (Givable | undefined)[]): void;
  /** Notes which pods are to have room there. */
  holds(resources: Resources, count: number): void;
  /** Notes who makes pods there, with what. Several notes of one account add up. */
  lets(maker: PodMaker): void;
}

/** What refers to an object of a namespace. */
export interface Givable {
  /** Makes the object in another namespace, too, by the same name. @default - somebody else makes it there */
  readonly give?: (to: Quarters) => void;
}

/** The platform's own namespace, or any other in which everything is. */
export function ownQuarters(namespace: pulumi.Input<string>): Quarters {
  return { namespace: pulumi.output(namespace), give: () => undefined, holds: () => undefined, lets: () => undefined };
}

/** A namespace of people's programs. */
export type Quarter = Pick<Quarters, "namespace"> & { readonly in: QuarterName };

/** Gives an object to each of several namespaces once. @param make Makes it there. */
export function giver(make: (to: Quarter) => void): (to: Quarters) => void {
  const made = new Set<QuarterName>();
  return ({ in: quarter, namespace }) => {
    if (quarter === undefined || made.has(quarter)) return;
    made.add(quarter);
    make({ in: quarter, namespace });
  };
}

/** Name of the resource that is an object in a namespace of people's programs, too. */
export function nameIn({ in: quarter }: { readonly in?: QuarterName | undefined }, name: string): string {
  return quarter === undefined ? name : `${name}-in-${quarter}`;
}

export interface GivableSecretArgs {
  readonly name: pulumi.Input<string>;
  readonly namespace: pulumi.Input<string>;
  readonly labels: Readonly<Record<string, string>>;
  readonly stringData: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** A Secret that pods of people's programs may be given. @param name Of the resource. */
export function givableSecret(
  name: string,
  { stringData, ...metadata }: GivableSecretArgs,
  opts: pulumi.CustomResourceOptions,
): Required<Givable> & { readonly secretName: pulumi.Output<string> } {
  const secret = new k8s.core.v1.Secret(name, { metadata, stringData }, opts);
  return {
    secretName: secret.metadata.name,
    give: giver((to) => {
      const there = { ...metadata, namespace: to.namespace };
      new k8s.core.v1.Secret(nameIn(to, name), { metadata: there, stringData }, opts);
    }),
  };
}

/** Most that all pods of a namespace may have together. */
export interface Quota {
  readonly pods?: number | undefined;
  /** Sum of the memory limits. */
  readonly memory?: string | undefined;
}

/** A container that says nothing of its size: a namespace with a quota takes none such. */
const UNSAID = {
  default: { cpu: "1", memory: "512Mi" },
  defaultRequest: { cpu: "50m", memory: "128Mi" },
} as const;
/** People's pods may be larger and more than those of the platform's own programs. */
const SLACK = 2;
const MORE_PODS = 10;

export interface PeopleNamespaceArgs {
  /** Namespace of the platform. */
  readonly platform: string;
  readonly quarter: QuarterName;
  readonly stackId?: string;
  /** What the stack sets. @default - twice what rooms say that they run there */
  readonly quota?: Quota | undefined;
}

/** One such namespace, in which only restricted pods run, up to a quota. */
export class PeopleNamespace extends Component implements Quarters {
  readonly in: QuarterName;
  readonly namespace: pulumi.Output<string>;
  readonly #quota: Quota;
  readonly #name: string;
  readonly #held = { memoryMi: 0, pods: 0 };
  readonly #makers = new Map<string, PodMaker>();

  constructor(name: string, args: PeopleNamespaceArgs, opts?: ComponentOptions) {
    super("PeopleNamespace", name, { quarter: args.quarter }, opts);
    this.in = args.quarter;
    this.#name = name;
    this.#quota = args.quota ?? {};
    const namespace = new k8s.core.v1.Namespace(
      name,
      { metadata: { name: quarterNamespace(args.platform, args.quarter), labels: namespaceLabels(args.stackId) } },
      { parent: this },
    );
    this.namespace = namespace.metadata.name;
    new k8s.core.v1.LimitRange(
      `${name}-sizes`,
      {
        metadata: { name: "sizes", namespace: this.namespace, labels: labels(name, "sizes") },
        spec: { limits: [{ type: "Container", ...UNSAID }] },
      },
      { parent: this },
    );
    this.registerOutputs({ namespace: this.namespace });
  }

  give(...refs: readonly (Givable | undefined)[]): void {
    for (const ref of refs) ref?.give?.(this);
  }

  holds({ limits }: Resources, count: number): void {
    this.#held.memoryMi += mebibytes(limits.memory) * count;
    this.#held.pods += count;
  }

  lets({ of, account, secrets, accounts = [], ...maker }: PodMaker): void {
    const name = nameIn({ in: of }, account);
    const known = this.#makers.get(name);
    this.#makers.set(name, {
      ...maker,
      ...(of && { of }),
      account,
      secrets: [...(known?.secrets ?? []), ...secrets],
      accounts: [...(known?.accounts ?? []), ...accounts],
    });
  }

  /** Ends it, when all rooms have said what they run there. */
  close(): void {
    for (const [name, maker] of this.#makers)
      restrictMaker(`${name}-makes-pods`, this.namespace, maker, { parent: this });
    const { pods = this.#held.pods * SLACK + MORE_PODS, memory } = this.#quota;
    const sum = Math.ceil((this.#held.memoryMi * SLACK) / 1024) + MORE_PODS / 5;
    new k8s.core.v1.ResourceQuota(
      `${this.#name}-quota`,
      {
        metadata: { name: "quota", namespace: this.namespace, labels: labels(this.#name, "quota") },
        spec: { hard: { pods: String(pods), "limits.memory": canonicalSize(memory ?? `${sum}Gi`) } },
      },
      { parent: this },
    );
  }
}

/** Makes the namespaces of people's programs when somebody first asks for them: a stack without such programs has none. */
export class AllQuarters {
  readonly #make: (quarter: QuarterName) => Quarters;
  readonly #made = new Map<QuarterName, Quarters>();

  constructor(make: (quarter: QuarterName) => Quarters) {
    this.#make = make;
  }

  readonly of = (quarter: QuarterName): Quarters => {
    const found = this.#made.get(quarter) ?? this.#make(quarter);
    this.#made.set(quarter, found);
    return found;
  };

  /** Those that there are. */
  get all(): readonly Quarter[] {
    return [...this.#made.values()].flatMap(({ in: quarter, namespace }) =>
      quarter === undefined ? [] : [{ in: quarter, namespace }],
    );
  }

  /** To be called when all rooms have their places. */
  close(): void {
    for (const one of this.#made.values()) if (one instanceof PeopleNamespace) one.close();
  }
}
