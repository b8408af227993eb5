/** How metrics are kept and watched. */
import { defineRoom } from "../../platform/place.ts";
import { proven } from "../../platform/proven.ts";
import type { Destination } from "../../platform/network.ts";
import type { Quarter } from "../../platform/quarters.ts";
import type { Watchable } from "../../platform/watchable.ts";
import type { metricsHops } from "./hops.ts";
import { Metrics } from "./metrics.ts";
import type { WatchedService } from "./rules.ts";
import { helperResources, metrics, metricsResources } from "./service.ts";

interface Wires {
  /** Those that there are: to be placed when nobody makes any more. */
  readonly quarters: readonly Quarter[];
  readonly measured: readonly Destination[];
  readonly watches: readonly Watchable[];
  readonly watched: readonly WatchedService[];
  /** Whether the platform has a namespace of its own, and may have a right on nodes. */
  readonly hasNodes: boolean;
}

export const metricsRoom = defineRoom({
  service: metrics,
  build: ({ own, namespace, image, exposure, storage, opts }, { hasNodes, ...wires }: Wires) =>
    new Metrics(
      "metrics",
      {
        namespace,
        image: image("metrics"),
        toolsImage: image("tools"),
        exposure,
        storage,
        data: own.storage,
        keepDays: own.keepDays,
        nodes: own.nodes ?? hasNodes,
        notifySecret: own.alerts.secretName,
        notifyPorts: own.alerts.ports,
        resources: metricsResources(own),
        helperResources: helperResources(own),
        ...wires,
      },
      opts,
    ),
  offers: ({ endpoint, address }) => ({
    addresses: { metrics: address },
    proves: [
      proven<typeof metricsHops>("metrics", {
        settings: { store: endpoint.url, exporter: endpoint.exporterUrl, pages: [...endpoint.pages] },
        ready: endpoint.ready,
        reaches: [endpoint.at, endpoint.exporterAt],
      }),
    ],
  }),
});
