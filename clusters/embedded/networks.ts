/** Networks of this machine that the embedded cluster's own hide from its pods. */
import { readFileSync } from "node:fs";
import { BlockList, isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";

/** The cluster's own networks, as its supervisor has them. */
export const clusterNetworks = { pods: "10.244.0.0/24", services: "10.96.0.0/16" } as const;

export interface HostNetwork {
  /** `10.96.4.0/24` */
  readonly cidr: string;
  /** Name of the interface that leads there. */
  readonly device: string;
}

/** What is larger is the way to everywhere, whole or in halves, and no network. */
const leastBits = 8;

/** A sentence for each network that pods can't reach, since the cluster has the same addresses. */
export function hiddenNetworks(networks = hostNetworks()): string[] {
  return networks.flatMap(({ cidr, device }) =>
    Object.entries(clusterNetworks)
      .filter(([, own]) => overlap(own, cidr))
      .map(
        ([what, own]) =>
          `this machine reaches ${cidr} by ${device}, and the embedded cluster uses ${own} for its ${what}: what is there can't be ` +
          "reached from pods. Leave that network (a VPN) while the platform needs something in it, or set cluster.target to another cluster",
      ),
  );
}

/** Networks of the interfaces, and those that routes lead to: a VPN's are often no interface's own. */
function hostNetworks(): HostNetwork[] {
  const own = Object.entries(networkInterfaces()).flatMap(([device, addresses = []]) =>
    addresses.flatMap(({ family, internal, cidr }) =>
      family === "IPv4" && !internal && cidr !== null ? [{ cidr: networkOf(cidr), device }] : [],
    ),
  );
  const all = [...own, ...routedNetworks(readRoutes())];
  return [...new Map(all.map((network) => [`${network.cidr} ${network.device}`, network])).values()];
}

function readRoutes(): string {
  try {
    return readFileSync("/proc/net/route", "utf8");
  } catch {
    return "";
  }
}

/** @param text - Linux' table of routes: numbers in hexadecimal, the last byte first; the default route is no network */
export function routedNetworks(text: string): HostNetwork[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [device = "", destination = "", , , , , , mask = ""] = line.trim().split(/\s+/);
      const bits = bitsOf(mask);
      return bits < leastBits || device === "lo" ? [] : [{ cidr: `${addressOf(destination)}/${bits}`, device }];
    });
}

function addressOf(hexadecimal: string): string {
  const bytes = hexadecimal.match(/../g) ?? [];
  return bytes
    .toReversed()
    .map((byte) => Number.parseInt(byte, 16))
    .join(".");
}

function bitsOf(mask: string): number {
  return BigInt(`0x${mask === "" ? "0" : mask}`)
    .toString(2)
    .replaceAll("0", "").length;
}

function networkOf(cidr: string): string {
  const [address = "", bits = ""] = cidr.split("/");
  const number = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(number / size) * size;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".")}/${bits}`;
}

/** Of two networks one holds the other's first address, or they have nothing in common. */
function overlap(left: string, right: string): boolean {
  return holds(left, right) || holds(right, left);
}

function holds(outer: string, inner: string): boolean {
  const [network = "", bits = ""] = outer.split("/");
  const [first = ""] = inner.split("/");
  if (!isIPv4(network) || !isIPv4(first)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits));
  return list.check(first);
}
