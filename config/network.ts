/** Settings of the network between pods. */
import * as z from "zod";
import { rangeOf } from "../platform/cidr.ts";
import { port } from "../platform/settings.ts";

/** An IPv4 network: its first address and the number of bits that its addresses share. */
const network = () => z.cidrv4().meta({ "x-range": 'an IPv4 network in CIDR form, for example "10.244.0.0/16"' });

export const networkSettings = z
  .strictObject({
    policies: z
      .boolean()
      .optional()
      .describe(
        "Whether NetworkPolicies let through what the services' wiring opens, and nothing else: docs/network.md. They have an effect " +
          "where the cluster's network enforces them. Default: `true` on embedded, `false` elsewhere.",
      ),
    outside: z
      .array(network())
      .default(["0.0.0.0/0"])
      .meta({ "x-range": 'IPv4 networks in CIDR form, for example ["0.0.0.0/0", "10.20.0.0/16"]' })
      .describe(
        "Networks outside the cluster that notebooks and tasks reach when there are policies. `0.0.0.0/0` is the internet without private " +
          "networks; name those that people need beside it. `[]`: none, so that `pip install` in a notebook does not work.",
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

/** Whether a stack makes policies: on the embedded cluster, whose network is known, unless it says otherwise. */
export function makesPolicies(config: {
  readonly cluster: { readonly target: string };
  readonly network: NetworkSettings;
}): boolean {
  return config.network.policies ?? config.cluster.target === "embedded";
}

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
