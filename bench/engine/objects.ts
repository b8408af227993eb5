/** The objects of the measurement, the same for every contender: ConfigMaps and Services, half of each. */

export interface WantedObjects {
  readonly count: number;
  /** Of the first object's data: another one changes that object alone. */
  readonly revision: number;
}

export interface PlainObject {
  readonly apiVersion: "v1";
  readonly kind: "ConfigMap" | "Service";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly ports: readonly { readonly name: string; readonly port: number }[] };
}

/** Of all objects: an API server alone has no controller that ends a namespace, so they are in one that stays. */
export const objectNamespace = "default";
export const objectLabel = "bench";

/** As long as an ordinary configuration file, in characters. */
const dataLength = 1000;

export function objectsOf({ count, revision }: WantedObjects): PlainObject[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `bench-${index}`;
    const metadata = {
      name,
      namespace: objectNamespace,
      labels: { [objectLabel]: "engine" },
      // Nobody fills the endpoints of these Services.
      annotations: { "pulumi.com/skipAwait": "true" },
    };
    const common = { apiVersion: "v1", metadata } as const;
    if (index % 2 === 1) return { ...common, kind: "Service", spec: { ports: [{ name: "http", port: 80 }] } };
    const data = { settings: `${name} `.repeat(Math.ceil(dataLength / (name.length + 1))), revision: "0" };
    return { ...common, kind: "ConfigMap", data: index === 0 ? { ...data, revision: String(revision) } : data };
  });
}
