/** Ports of pods that the platform does not publish, on this machine for a while, as `kubectl port-forward` does it. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

import { PortForward } from "@kubernetes/client-node";

import { kubeConfig, namespace, pods, type Workload } from "./platform.ts";

/** The typing of the socket is in a package that only the client's authors install. */
interface WebSocketLike {
  readonly on: (event: "close" | "error", listener: () => void) => void;
  readonly close: () => void;
}

/**
 * Opens a port of a workload on 127.0.0.1 while `body` runs. Each connection goes to a pod that is ready at that moment,
 * so a client that connects again finds the pod that came after a killed one.
 * @param body - gets the port on this machine
 */
export async function withTunnel<T>(
  workload: Workload,
  port: number,
  body: (localPort: number) => Promise<T>,
): Promise<T> {
  const forward = new PortForward(kubeConfig());
  const open = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    void connect(forward, socket, workload, port).catch(() => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await body((server.address() as AddressInfo).port);
  } finally {
    server.close();
    for (const socket of open) socket.destroy();
  }
}

async function connect(forward: PortForward, socket: Socket, workload: Workload, port: number): Promise<void> {
  const pod = (await pods(workload)).find((one) =>
    one.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
  );
  if (pod === undefined) throw new Error(`no pod of ${workload} is ready`);
  const far = (await forward.portForward(
    namespace,
    pod.metadata.name,
    [port],
    socket,
    null,
    socket,
  )) as unknown as WebSocketLike;
  for (const event of ["close", "error"] as const) far.on(event, () => socket.destroy());
  socket.on("close", () => {
    far.close();
  });
  socket.resume();
}
