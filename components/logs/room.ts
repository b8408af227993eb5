/** How the logs of all pods are kept. */
import { defineRoom } from "../../platform/place.ts";
import { proven } from "../../platform/proven.ts";
import type { Quarter } from "../../platform/quarters.ts";
import type { PodWords } from "../../platform/service.ts";
import type { logsHops } from "./hops.ts";
import { Logs } from "./logs.ts";
import { collectorResources, logs, logsResources } from "./service.ts";

interface Wires {
  /** Those that there are: to be placed when nobody makes any more. */
  readonly quarters: readonly Quarter[];
  readonly words: PodWords;
}

export const logsRoom = defineRoom({
  service: logs,
  build: ({ own, namespace, image, exposure, storage, opts }, { quarters, words }: Wires) =>
    new Logs(
      "logs",
      {
        namespace,
        image: image("logs"),
        toolsImage: image("tools"),
        exposure,
        storage,
        data: own.storage,
        keepDays: own.keepDays,
        resources: logsResources(own),
        collectorResources: collectorResources(own),
        quarters,
        words,
      },
      opts,
    ),
  offers: ({ endpoint, address }) => ({
    addresses: { logs: address },
    proves: [
      proven<typeof logsHops>("logs", {
        settings: { store: endpoint.url, collector: endpoint.collectorUrl },
        ready: endpoint.ready,
        reaches: [endpoint.at, endpoint.collectorAt],
      }),
    ],
  }),
});
