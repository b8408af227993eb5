/** Who has a node port that the API server refuses to give a second time: it says only that somebody has it. */

import { KubeError } from "../../clusters/kubernetes-client.ts";
import { metadataOf, objectOf, type Props, textOf } from "../values.ts";
import type { KubernetesApi } from "./kubernetes-api.ts";

const refusal = /nodePort: Invalid value: (\d+): provided port is already allocated/g;

/** The error of a request, with the Service that has each port that was refused. */
export async function withPortHolders(api: Pick<KubernetesApi, "list">, error: unknown): Promise<Error> {
  if (!(error instanceof KubeError)) return error instanceof Error ? error : new Error(String(error));
  const ports = [...error.message.matchAll(refusal)].map(([, port]) => Number(port));
  if (ports.length === 0) return error;
  const services = await api.list("/api/v1/services").catch((): Props[] => []);
  const holders = services.flatMap((service) => {
    const { namespace, name } = metadataOf(service);
    const held = portsOf(service).filter((port) => ports.includes(port));
    return held.map((port) => `node port ${port} is taken by Service ${textOf(namespace)}/${textOf(name)}`);
  });
  if (holders.length === 0) return error;
  return new KubeError(error.status, `${error.message}: ${holders.join(", ")}`, undefined, { cause: error });
}

function portsOf(service: Props): number[] {
  const { ports, healthCheckNodePort } = objectOf(service["spec"]);
  const own = (Array.isArray(ports) ? (ports as Props[]) : []).map(({ nodePort }) => nodePort);
  return [...own, healthCheckNodePort].filter((port): port is number => typeof port === "number");
}
