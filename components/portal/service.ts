/** The portal, as plain data. */
import { join } from "node:path";
import * as z from "zod";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService } from "../../platform/service.ts";
import { optional } from "../../platform/settings.ts";
import { allResourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";
import { metrics } from "../metrics/service.ts";

const server = { small: size(10, 500, 0.5), large: size(20, 500, 1) };
const MEMORY = "128Mi";

/** The server of the page. */
export function portalResources(settings: Sized): Resources {
  return sized(server[settings.size], MEMORY, settings.resources);
}

export const portal = defineService({
  name: "portal",
  group: ["studio", "pipeline", "streams"],
  title: "the portal",
  settings: z
    .strictObject({
      enabled: optional(
        ["studio", "pipeline", "streams"],
        "one page leads to all others and shows how the platform is",
      ),
      scheduling: schedulingSetting("the page's server"),
      resources: allResourcesSetting("the page's server", server, MEMORY, "64Mi"),
    })
    .prefault({})
    .describe(
      "The portal: one page that leads to all others and shows what flows, how each service is, and what is wrong.",
    ),
  needs: { of: [metrics], why: "it shows what they know" },
  usesTools: true,
  published: {
    portal: {
      nodePort: 30000,
      rank: 0,
      meaning: "The portal",
      title: "the portal",
      called: /^Portal$/,
      asksForLogin: false,
    },
  },
  pages: {
    project: "components/portal/programs/page/tsconfig.json",
    compiler: () => Promise.resolve(join(import.meta.dirname, "../../node_modules/typescript7/bin/tsc")),
  },
  sized: (own) => ({ resources: portalResources(own) }),
  pods: ({ own }) => [{ resources: portalResources(own) }],
  goes: 0,
  hops: { portal: ["portal", "metrics"] },
});
