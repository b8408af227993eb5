/** How the portal is built. */
import { defineRoom } from "../../platform/place.ts";
import { proven } from "../../platform/proven.ts";
import type { Logs } from "../logs/logs.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { portalHops } from "./hops.ts";
import { Portal } from "./portal.ts";
import { portal, portalResources } from "./service.ts";

interface Wires {
  readonly metrics: Metrics;
  readonly logs: Logs | undefined;
}

export const portalRoom = defineRoom({
  service: portal,
  without: ["logs"],
  build: ({ own, namespace, image, exposure, opts }, { metrics, logs }: Wires) =>
    new Portal(
      "portal",
      {
        namespace,
        toolsImage: image("tools"),
        exposure,
        resources: portalResources(own),
        metrics: metrics.endpoint,
        logs: logs?.endpoint,
      },
      opts,
    ),
  offers: ({ address, url, at, ready }) => ({
    addresses: { portal: address },
    proves: [proven<typeof portalHops>("portal", { settings: { url }, ready, reaches: [at] })],
  }),
});
