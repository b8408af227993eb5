/** The proxy that asks for logins, as plain data. */
import * as z from "zod";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService } from "../../platform/service.ts";
import { image } from "../../platform/settings.ts";
import { allResourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";

const MEMORY = "64Mi";
const server = { small: size(10, 500, 0.25), large: size(50, 1000, 0.5) };

/** One of its pods. */
export function authProxyResources(settings: Sized): Resources {
  return sized(server[settings.size], MEMORY, settings.resources);
}

/** Account of people on a stack without JupyterHub, which would say who they are. */
export const ADMIN = "admin";

export const authProxy = defineService({
  name: "authProxy",
  guards: true,
  settings: z
    .strictObject({
      replicas: z.int().min(1).max(20).default(1).describe("Number of pods."),
      scheduling: schedulingSetting("its pods"),
      resources: allResourcesSetting("each of its pods", server, MEMORY, "32Mi"),
      image: image().describe("Image with the contract of the platform's own: nginx. Default: built from packages."),
    })
    .prefault({})
    .describe(
      "The proxy that asks for logins before pages that ask nobody. It is there where `cluster.askForLogin` needs it.",
    ),
  image: { name: "auth-proxy", base: "nginx-base" },
  sized: (own) => ({ resources: authProxyResources(own) }),
  pods: ({ own }) => [{ resources: authProxyResources(own), count: own.replicas }],
  accounts: {
    kind: "passwords",
    secret: "auth-proxy-users",
    others: ["jupyterhub-users"],
    none: "no page of this stack is behind the platform's own login (docs/logins.md)",
  },
  hops: { logins: ["authProxy"] },
});
