/** Secrets of the platform's namespace, read on demand. */
import { KubeError } from "../clusters/kubernetes-client.ts";
import type { Kube } from "./kube.ts";

/** Values of a Secret by key; `undefined` when there is none of that name. */
export async function readSecret(
  kube: Pick<Kube, "get">,
  namespace: string,
  name: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    const { data } = await kube.get<{ data?: Readonly<Record<string, string>> }>(
      `/api/v1/namespaces/${namespace}/secrets/${name}`,
    );
    return Object.fromEntries(
      Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
    );
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}
