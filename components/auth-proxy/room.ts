/** How the proxy that asks for logins is built: before all pages that ask nobody, with the accounts of those who use JupyterHub. */
import * as pulumi from "@pulumi/pulumi";
import type { GuardedPage, People } from "../../platform/endpoints.ts";
import { defineRoom } from "../../platform/place.ts";
import { proven } from "../../platform/proven.ts";
import { AuthProxy } from "./auth-proxy.ts";
import type { authProxyHops } from "./hops.ts";
import { ADMIN, authProxy, authProxyResources } from "./service.ts";

interface Wires {
  pages: readonly GuardedPage[];
  people: { readonly people: People | undefined } | undefined;
}

export const authProxyRoom = defineRoom({
  service: authProxy,
  without: ["people"],
  build({ own, namespace, image, opts }, { pages, people: hub }: Wires) {
    if (pages.length === 0) return undefined;
    const people = hub?.people;
    return new AuthProxy(
      "auth-proxy",
      {
        namespace,
        image: image("auth-proxy"),
        pages,
        ...(people === undefined ? { users: [ADMIN] } : { people }),
        replicas: own.replicas,
        resources: authProxyResources(own),
      },
      opts,
    );
  },
  offers(proxy, _, { people: hub }) {
    if (proxy === undefined) return {};
    const { pages, robot, robotPassword, ready, at } = proxy.endpoint;
    const title = new Intl.ListFormat("en-GB").format(pages.map((page) => page.title));
    return {
      logins: [{ title, service: authProxy.name, users: hub?.people?.users ?? [ADMIN] }],
      proves: [
        proven<typeof authProxyHops>("authProxy", {
          settings: { user: robot, pages: pulumi.output(pages.map((page) => ({ ...page }))) },
          secrets: { password: robotPassword },
          ready,
          reaches: [at],
        }),
      ],
    };
  },
});
