/** Settings of the network between pods. */
import * as z from "zod";
import { port } from "../platform/settings.ts";

/** An IPv4 network: its first address and the number of bits that its addresses share. */
const network = () => z.cidrv4().meta({ "x-range": 'an IPv4 network in CIDR form, for example "10.244.0.0/16"' });

export const networkSettings = z
  .strictObject({
    policies: z
      .boolean()
      .default(false)
      .describe(
        "Whether NetworkPolicies let through what the services' wiring opens, and nothing else: docs/network.md. They have an effect " +
          "where the cluster's network enforces them.",
      ),
    podNetworks: z
      .array(network())
      .min(1)
      .optional()
      .meta({ "x-range": 'IPv4 networks in CIDR form, for example ["10.244.0.0/16"]' })
      .describe(
        "Networks of the cluster's pods. What is open to the outside is closed to them. Default: `10.244.0.0/16` on minikube, " +
          "`10.1.0.0/16` on microk8s; on cloud none is known, so published ports are open to all pods. Not for `embedded`.",
      ),
    apiServerPorts: z
      .array(port(1))
      .min(1)
      .optional()
      .meta({ "x-range": "ports, for example [6443]" })
      .describe(
        "Ports of the API server itself, which pods with an account reach. Default: 8443 on minikube, 16443 on microk8s, 443 and 6443 on " +
          "cloud. Not for `embedded`.",
      ),
  })
  .prefault({})
  .describe("The network between pods.");

type NetworkSettings = z.output<typeof networkSettings>;

/** Pairs of networks with common addresses. */
function overlaps(networks: readonly string[]): [string, string][] {
  const ranges = networks.map((cidr) => ({ cidr, ...rangeOf(cidr) }));
  return ranges.flatMap((one, index) =>
    ranges
      .slice(index + 1)
      .filter((other) => one.first <= other.last && other.first <= one.last)
      .map((other): [string, string] => [one.cidr, other.cidr]),
  );
}

function rangeOf(cidr: string): { readonly first: number; readonly last: number } {
  const [address = "", bits = "32"] = cidr.split("/");
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(number / size) * size;
  return { first, last: first + size - 1 };
}

/** What is wrong with the settings on a target; empty when nothing is. */
export function networkProblems(target: string, { podNetworks = [], apiServerPorts }: NetworkSettings): string[] {
  const at = "millrace:network";
  const own = Object.entries({ podNetworks: podNetworks.length > 0, apiServerPorts: apiServerPorts !== undefined })
    .filter(([, given]) => given)
    .map(([key]) => `${at}.${key}: target embedded has a network of its own; remove the setting`);
  return [
    ...(target === "embedded" ? own : []),
    ...overlaps(podNetworks).map(
      ([one, other]) => `${at}.podNetworks: ${one} and ${other} overlap; give networks without common addresses`,
    ),
  ];
}
