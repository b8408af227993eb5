/**
 * Names and limits under which a node passes for another kind of cluster: for tests of the other targets. The node's own
 * programs read them from the variables of its container (`node/supervisor/pose.go`).
 */

export interface Pose {
  /** Name of the context in the kubeconfig that is written. */
  readonly context: string;
  readonly node: string;
  readonly storageClass: {
    readonly name: string;
    readonly provisioner: string;
    /** Whether claims that name no class get it. */
    readonly isDefault: boolean;
    /** When claims are bound. */
    readonly binding: "Immediate" | "WaitForFirstConsumer";
    /** Whether claims can be made larger. */
    readonly grows: boolean;
  };
  readonly registry: {
    /** Its port as the nodes know it. */
    readonly port: number;
    /** Whom it lets in. @default - everybody */
    readonly login?: { readonly username: string; readonly password: string };
  };
  /** Whether the node ports of Services lead anywhere. */
  readonly hasNodePorts: boolean;
}

/** The variables of the node's container. */
export function poseVariables({ node, storageClass, registry, hasNodePorts }: Pose): string[] {
  const { name, provisioner, isDefault, binding, grows } = storageClass;
  const { port, login } = registry;
  const variables = {
    MILLRACE_NODE_NAME: node,
    MILLRACE_STORAGE_CLASS: name,
    MILLRACE_STORAGE_PROVISIONER: provisioner,
    MILLRACE_STORAGE_DEFAULT: String(isDefault),
    MILLRACE_STORAGE_BINDING: binding,
    MILLRACE_STORAGE_GROWS: String(grows),
    MILLRACE_REGISTRY_PORT: String(port),
    ...(login && { MILLRACE_REGISTRY_LOGIN: `${login.username}:${login.password}` }),
    MILLRACE_NODE_PORTS: hasNodePorts ? "open" : "closed",
  };
  return Object.entries(variables).map(([key, value]) => `${key}=${value}`);
}
