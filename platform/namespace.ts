/** The platform's namespace, which enforces Pod Security `restricted` on every pod in it. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "./component.ts";
import { podSecurityLabels } from "./hardening.ts";
import { PART_OF_LABEL, STACK_ID_LABEL } from "./names.ts";

export interface PlatformNamespaceArgs {
  /** Name in Kubernetes. @default "millrace" */
  readonly namespace?: string;
  /** The set of services in it, kept in the stack's state so that the next deploy can go on with it. @default - not kept */
  readonly profile?: string;
  /** Whether it is there already: it is used as it is, and not removed. @default false */
  readonly existing?: boolean;
  /** Id of the stack, by which it finds its namespaces again. @default - none */
  readonly stackId?: string;
}

/** What is wrong with the arguments; empty when nothing is. */
export function namespaceProblems(args: PlatformNamespaceArgs): string[] {
  const name = args.namespace ?? "millrace";
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return [];
  return [
    `namespace "${name}" is not a name that Kubernetes takes: use up to 63 lower-case letters, digits and dashes, ` +
      "with a letter or digit at both ends",
  ];
}

/** Labels of a namespace that is the stack's. */
export function namespaceLabels(stackId: string | undefined): Record<string, string> {
  return {
    [PART_OF_LABEL]: "millrace",
    ...(stackId === undefined ? {} : { [STACK_ID_LABEL]: stackId }),
    ...podSecurityLabels,
  };
}

/** A Namespace in which only restricted pods run, or one that is there already. Its name is handed to every other component. */
export class PlatformNamespace extends Component {
  /** Name in Kubernetes; settles when the Namespace exists. */
  readonly namespaceName: pulumi.Output<string>;

  /** @throws ResourceError when the name is not valid. */
  constructor(name: string, args: PlatformNamespaceArgs = {}, opts?: ComponentOptions) {
    super("PlatformNamespace", name, args, opts);
    const problems = namespaceProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    if (args.existing === true) {
      this.namespaceName = pulumi.output(args.namespace ?? "millrace");
      this.registerOutputs({ namespaceName: this.namespaceName });
      return;
    }
    const namespace = new k8s.core.v1.Namespace(
      name,
      {
        metadata: {
          name: args.namespace ?? "millrace",
          labels: namespaceLabels(args.stackId),
        },
      },
      { parent: this },
    );
    this.namespaceName = namespace.metadata.name;
    this.registerOutputs({ namespaceName: this.namespaceName });
  }
}
