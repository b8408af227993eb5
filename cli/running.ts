/** The running platform as the rooms' questions see it, over the API server. */
import type { Running } from "../platform/operating.ts";
import { type Address, addressOf } from "./addresses.ts";
import type { Kube } from "./kube.ts";
import { readSecret } from "./secrets.ts";

export function runningPlatform(
  kube: Pick<Kube, "get" | "ask" | "text">,
  {
    namespace,
    exposure,
    addresses,
  }: Pick<Running, "namespace" | "exposure"> & { readonly addresses: readonly Address[] },
): Running {
  return {
    namespace,
    exposure,
    address: (port) => addressOf(addresses, port),
    secret: (name) => readSecret(kube, namespace, name),
    ask: (method, service, path, extras) =>
      kube.ask(method, `/api/v1/namespaces/${namespace}/services/${service}/proxy${path}`, extras),
    text: (service, path) => kube.text(`/api/v1/namespaces/${namespace}/services/${service}/proxy${path}`),
  };
}
