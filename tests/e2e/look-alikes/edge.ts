/**
 * The look-alikes' ingress controller: it belongs to the test and serves the Ingresses of its class by host name, each from a
 * pod behind the Service that they name. Names below the domain are known to nobody else, so programs reach it as their HTTP
 * proxy, which is what a DNS entry for `*.<domain>` would do.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Duplex, duplexPair } from "node:stream";

import { type KubeConfig, PortForward } from "@kubernetes/client-node";

import { messageOf } from "../../../cli/errors.ts";
import { clientOf, type Kube } from "../../../cli/kube.ts";

interface Ingress {
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly ingressClassName?: string;
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: { readonly paths: readonly { readonly backend: { readonly service: Backend } }[] };
    }[];
  };
}

interface Backend {
  readonly name: string;
  readonly port: { readonly number: number };
}

interface EndpointSlice {
  readonly ports?: readonly { readonly port: number }[];
  readonly endpoints?: readonly {
    readonly conditions?: { readonly ready?: boolean };
    readonly targetRef?: { readonly name: string };
  }[];
}

interface Place {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** The typing of the socket is in a package that only the client's authors install. */
interface WebSocketLike {
  readonly on: (event: "close" | "error", listener: () => void) => void;
  readonly close: () => void;
}

export interface Edge {
  /** Where it listens: `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Makes the IngressClass, and serves it until it is closed. */
export async function openEdge(config: KubeConfig, className: string): Promise<Edge> {
  const kube = clientOf(config);
  await kube.post("/apis/networking.k8s.io/v1/ingressclasses", {
    apiVersion: "networking.k8s.io/v1",
    kind: "IngressClass",
    metadata: { name: className },
    spec: { controller: "millrace.test/edge" },
  });
  const forward = new PortForward(config);
  const server = createServer((asked, answer) => {
    serve({ kube, forward, className }, asked, answer).catch((error: unknown) => {
      if (answer.headersSent) answer.destroy();
      else answer.writeHead(502).end(messageOf(error));
    });
  });
  // A tunnel through a proxy carries the same requests.
  server.on("connect", (_asked: IncomingMessage, socket: Duplex) => {
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    server.emit("connection", socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Router {
  readonly kube: Kube;
  readonly forward: PortForward;
  readonly className: string;
}

async function serve(router: Router, asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const { host = "" } = asked.headers;
  const place = await placeOf(router, host.replace(/:\d+$/, ""));
  if (typeof place === "number") {
    answer.writeHead(place).end();
    return;
  }
  const [near, far] = duplexPair();
  const socket = (await router.forward.portForward(
    place.namespace,
    place.pod,
    [place.port],
    far,
    null,
    far,
  )) as unknown as WebSocketLike;
  for (const event of ["close", "error"] as const) socket.on(event, () => near.destroy());
  answer.on("close", () => {
    socket.close();
  });
  const url = new URL(asked.url ?? "/", `http://${host}`);
  const path = `${url.pathname}${url.search}`;
  const passed = request({ createConnection: () => near, method: asked.method, path, headers: asked.headers });
  asked.pipe(passed);
  const [got] = (await once(passed, "response")) as [IncomingMessage];
  answer.writeHead(got.statusCode ?? 502, got.headers);
  got.pipe(answer);
}

/** A pod that is ready behind the Ingress of a host; 404: there is no such Ingress, 503: no such pod. */
async function placeOf({ kube, className }: Router, host: string): Promise<Place | 404 | 503> {
  const { items } = await kube.get<{ items: readonly Ingress[] }>("/apis/networking.k8s.io/v1/ingresses");
  const [found] = items
    .filter(({ spec }) => spec.ingressClassName === className)
    .flatMap(({ metadata, spec }) =>
      (spec.rules ?? []).flatMap((rule) =>
        rule.host === host ? (rule.http?.paths ?? []).map(({ backend }) => ({ metadata, of: backend.service })) : [],
      ),
    );
  if (found === undefined) return 404;
  const { namespace } = found.metadata;
  const label = encodeURIComponent(`kubernetes.io/service-name=${found.of.name}`);
  const slices = await kube.get<{ items: readonly EndpointSlice[] }>(
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${label}`,
  );
  for (const { ports = [], endpoints = [] } of slices.items) {
    const pod = endpoints.find(({ conditions }) => conditions?.ready === true)?.targetRef?.name;
    const [port] = ports;
    if (pod !== undefined && port !== undefined) return { namespace, pod, port: port.port };
  }
  return 503;
}
