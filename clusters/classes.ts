/** Classes of a cluster: of storage, and of Ingresses. Pure. */

export interface ClusterClass {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
}

const DEFAULT = {
  storage: "storageclass.kubernetes.io/is-default-class",
  ingress: "ingressclass.kubernetes.io/is-default-class",
} as const;

/** Name of the class that a cluster takes where none is named; `undefined` where it has none such. */
export function defaultClass(of: keyof typeof DEFAULT, classes: readonly ClusterClass[]): string | undefined {
  return classes.find(({ metadata }) => metadata.annotations?.[DEFAULT[of]] === "true")?.metadata.name;
}
