/** Which pages ask for a login by the proxy before them: those that ask nobody by themselves, where others can reach them. */
import { exposureOf, isOnLoopback, type Target } from "../clusters/profile.ts";
import type { Service } from "../platform/service.ts";
import { openPages, rooms } from "./rooms.ts";

/** Where the proxy asks. */
export const loginPlaces = ["beyondLoopback", "always"] as const;

/** What decides on it. */
interface Published {
  readonly target: Target;
  readonly exposure?: "nodePort" | "loadBalancer" | "ingress" | "none" | undefined;
  readonly askForLogin: (typeof loginPlaces)[number];
  readonly publishWithoutLogin?: readonly string[] | undefined;
  readonly keepInside?: readonly string[] | undefined;
}

/**
 * Ports of the proxy by the keys of the pages before which it asks for a login.
 * @param of Rooms whose pages they are. @default - all
 */
export function guardedPages(cluster: Published, of: readonly Service[] = rooms): Readonly<Record<string, number>> {
  const { target, exposure = exposureOf[target], askForLogin, publishWithoutLogin = [], keepInside = [] } = cluster;
  if (exposure === "none" || (askForLogin === "beyondLoopback" && isOnLoopback(target))) return {};
  const without = [...publishWithoutLogin, ...keepInside];
  // Node ports are different for all pages, so they do for the ports of one pod.
  return Object.fromEntries(
    Object.entries(openPages(of)).flatMap(([key, { nodePort }]) => (without.includes(key) ? [] : [[key, nodePort]])),
  );
}
