/** Whether the node ports of Services lead in, as they do with some kinds of clusters and not with others. */
import { connect as connectTo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { clientOf } from "../../../cli/kube.ts";
import { readKubeconfig } from "../../../clusters/kubeconfig.ts";
import { must, until } from "../runner.ts";
import type { Stage } from "./stage.ts";

const NAME = "millrace-e2e-node-port";
/** Where the cluster's DNS says that it is ready. */
const DNS_READY = 8181;
/** Longer than the node needs to see a Service, in ms. */
const SEEN_MS = 3_000;

/** Publishes the cluster's own DNS for a moment. @throws Error when its node port is open and must not be, or the reverse */
export async function nodePortsAreAs(stage: Stage): Promise<string> {
  const kube = clientOf(readKubeconfig(stage.kubeconfig));
  const services = "/api/v1/namespaces/kube-system/services";
  const { spec } = await kube.ask<{ spec: { ports: readonly { nodePort: number }[] } }>("POST", services, {
    body: {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: NAME },
      spec: { type: "NodePort", selector: { "k8s-app": "kube-dns" }, ports: [{ port: DNS_READY }] },
    },
  });
  try {
    const port = spec.ports[0]?.nodePort ?? 0;
    const isOpen = (): Promise<boolean> => answers(stage.address, port);
    if (stage.pose.hasNodePorts) {
      await until(`node port ${port} of ${stage.address} open`, 20_000, async () => (await isOpen()) || undefined);
      return "open";
    }
    await sleep(SEEN_MS);
    must(!(await isOpen()), `node port ${port} of ${stage.address} is open`);
    return "closed";
  } finally {
    await kube.delete(`${services}/${NAME}`);
  }
}

async function answers(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connectTo({ host, port, timeout: 2_000 });
  socket.on("connect", () => {
    resolve(true);
  });
  for (const event of ["error", "timeout"] as const) {
    socket.on(event, () => {
      resolve(false);
    });
  }
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}
