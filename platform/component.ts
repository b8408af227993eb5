/** What all components are: resources of this project whose objects can be found, and changed before they are made. */
import * as pulumi from "@pulumi/pulumi";
import { componentTypes } from "./names.ts";
import type { Destination, Edge } from "./network.ts";

/** Changes the arguments of one object: gives others, or `undefined` to leave them as they are. */
// oxlint-disable-next-line typescript/no-explicit-any -- each kind of object has arguments of its own
export type Transform = (args: any) => unknown;

export interface ComponentOptions extends pulumi.ComponentResourceOptions {
  /**
   * Changes to the component's own objects, by their keys: `StatefulSet` for the one that is called as the component,
   * `Service/brokers` for the Service `kafka-brokers` of `kafka`. A key that fits no object is an error.
   * @default - none
   */
  readonly transform?: Readonly<Record<string, Transform>>;
}

/** A component with the type `millrace:index:<type>`. What a state has recorded under its former type stays the same resource. */
export abstract class Component extends pulumi.ComponentResource {
  /** The objects that it is made of, by the same keys as in `transform`. */
  readonly nodes: Readonly<Record<string, pulumi.Resource>>;
  /** Who connects to whom, as far as its pods take part: complete when it is built. */
  readonly edges: Edge[] = [];
  /** Pods that have figures for others to read. */
  readonly measured: Destination[] = [];
  readonly #unused: Set<string>;

  constructor(type: string, name: string, props: pulumi.Inputs, opts: ComponentOptions = {}) {
    const { transform = {}, ...rest } = opts;
    const nodes: Record<string, pulumi.Resource> = {};
    const unused = new Set(Object.keys(transform));
    const [token, former] = componentTypes(type);
    const visit: pulumi.ResourceTransformation = (child) => {
      if (child.type === token && child.name === name) return undefined;
      const key = nodeKey(name, child.type, child.name);
      nodes[key] = child.resource;
      unused.delete(key);
      const props = transform[key]?.(child.props) as pulumi.Inputs | undefined;
      return props === undefined ? undefined : { props, opts: child.opts };
    };
    super(token, name, props, {
      ...rest,
      aliases: [...(rest.aliases ?? []), { type: former }],
      // Before the others, so that they see what is made in the end.
      transformations: [visit, ...(rest.transformations ?? [])],
    });
    this.nodes = nodes;
    this.#unused = unused;
  }

  /**
   * One of the objects that it is made of.
   * @param kind The object's class, such as `k8s.apps.v1.StatefulSet`.
   * @param suffix What its name has after the component's: `brokers` for `kafka-brokers`. @default - nothing
   * @throws ResourceError naming the objects that there are.
   */
  node<T extends pulumi.Resource>(kind: abstract new (...args: never[]) => T, suffix = ""): T {
    const key = suffix === "" ? kind.name : `${kind.name}/${suffix}`;
    const found = this.nodes[key];
    if (found instanceof kind) return found;
    const known = Object.keys(this.nodes).join(", ");
    throw new pulumi.ResourceError(`there is no ${key} in this component; it has ${known}`, this, true);
  }

  /**
   * What was made for one consumer.
   * @param lacks What the others have not, in words: `cassandra: "x" has no role`.
   * @throws ResourceError naming the consumers that there are.
   */
  protected ofConsumer<T>(
    made: Readonly<Partial<Record<string, T>>>,
    consumer: string,
    service: string,
    lacks: string,
  ): T {
    const found = made[consumer];
    if (found !== undefined) return found;
    const words = `${service}: "${consumer}" has no ${lacks}; the consumers are ${Object.keys(made).join(", ")}`;
    throw new pulumi.ResourceError(words, this, true);
  }

  /** Ends the construction. @throws ResourceError when `transform` has a key that fits no object. */
  protected override registerOutputs(outputs?: pulumi.Inputs): void {
    if (this.#unused.size > 0) {
      const [unknown, known] = [[...this.#unused], Object.keys(this.nodes)].map((keys) => keys.join(", "));
      throw new pulumi.ResourceError(`transform: there is no ${unknown ?? ""}; use ${known ?? ""}`, this, true);
    }
    super.registerOutputs(outputs);
  }
}

/** `Service/brokers` for the Service `kafka-brokers` of the component `kafka`; the whole name where it begins otherwise. */
function nodeKey(component: string, type: string, name: string): string {
  const kind = type.split(":").at(-1) ?? type;
  if (name === component) return kind;
  return `${kind}/${name.startsWith(`${component}-`) ? name.slice(component.length + 1) : name}`;
}
