/**
 * Whether a node's disk has room for the claims that an `up` makes or lets grow, counted as the embedded cluster's provisioner
 * counts (clusters/embedded/node/provisioner/disk.go). Pure.
 */
import { quantityOf } from "../platform/quantity.ts";
import { servicesOf } from "./profiles.ts";
import { isOwn, rooms, viewOf } from "./rooms.ts";
import type { PlatformConfig } from "./schema.ts";

/** Bytes that the provisioner leaves to the node itself. */
export const NODE_RESERVE_BYTES = 2 * 2 ** 30;

/** A volume of the node. */
export interface Volume {
  /** The claim that it was made for. */
  readonly claim: { readonly namespace: string; readonly name: string };
  readonly sizeBytes: number;
}

/** What the disk of a node has. */
export interface VolumeRoom {
  readonly freeBytes: number;
  readonly volumes: readonly (Volume & { readonly usedBytes: number })[];
}

/** A lack of room, and ways out of it. */
export interface ClaimShortage {
  readonly detail: string;
  readonly next: string;
}

/** A claim that is to come or to grow. */
interface Ahead<V> {
  /** Key of the service in the config. */
  readonly service: string;
  readonly sizeBytes: number;
  /** The volume that grows; `undefined`: the claim is new. */
  readonly volume: V | undefined;
}

/** Whether an `up` makes a claim or lets one grow. */
export function hasClaimsAhead(config: PlatformConfig, volumes: readonly Volume[]): boolean {
  return claimsAhead(config, volumes).length > 0;
}

/** What there is too little room for; `undefined` when there is enough, or no claim is made or grows. */
export function claimShortage(config: PlatformConfig, { freeBytes, volumes }: VolumeRoom): ClaimShortage | undefined {
  const ahead = claimsAhead(config, volumes).map(({ service, sizeBytes, volume }) => ({
    service,
    volume,
    bytes: unused(sizeBytes, volume?.usedBytes ?? 0),
  }));
  const needed = sum(ahead.map(({ bytes }) => bytes));
  const grown = ahead.map(({ volume }) => volume);
  const others = volumes.filter((volume) => !grown.includes(volume));
  const promised = sum(others.map(({ sizeBytes, usedBytes }) => unused(sizeBytes, usedBytes)));
  const left = Math.max(freeBytes - NODE_RESERVE_BYTES - promised, 0);
  if (needed <= left) return undefined;
  const services = [...new Set(ahead.map(({ service }) => service))];
  const parts = services.map((service) => {
    const own = ahead.filter((one) => one.service === service);
    return `${service} ${gibibytes(sum(own.map(({ bytes }) => bytes)))}`;
  });
  const isByProfile = services.some((service) => servicesOf(config.profile).includes(service));
  const smaller = isByProfile ? "; or choose a smaller profile (npm run up -- --profile core)" : "";
  return {
    detail:
      `the claims that up makes or lets grow may fill ${gibibytes(needed)} more (${parts.join(", ")}), and the cluster's disk has ` +
      `${gibibytes(left)} left for them: ${gibibytes(freeBytes)} are free, ${gibibytes(promised)} of that are promised to other ` +
      `claims and ${gibibytes(NODE_RESERVE_BYTES)} kept for the node itself`,
    next:
      "free room on the disk where Docker keeps its volumes (npm run clean removes what no build needs any more), or set smaller sizes: " +
      services.map((service) => `millrace:services.${service}.storage.size`).join(", ") +
      smaller,
  };
}

function claimsAhead<V extends Volume>(config: PlatformConfig, volumes: readonly V[]): Ahead<V>[] {
  const { namespace, storageClass } = config.cluster;
  if (storageClass === "none") return [];
  return rooms
    .filter((room) => isOwn(room, config))
    .flatMap((room) =>
      (room.pods?.(viewOf(room, config)) ?? []).flatMap(({ data, count = 1 }) => {
        const { set } = room.claims ?? {};
        if (data?.kind !== "persistent" || set === undefined) return [];
        const sizeBytes = quantityOf(data.size) ?? 0;
        return Array.from({ length: count }, (_, ordinal) => new RegExp(`^[a-z0-9]+-${set}-${ordinal}$`))
          .map((name) => volumes.find(({ claim }) => claim.namespace === namespace && name.test(claim.name)))
          .filter((volume) => volume === undefined || volume.sizeBytes < sizeBytes)
          .map((volume) => ({ service: room.name, sizeBytes, volume }));
      }),
    );
}

/** What a volume may still fill; nothing keeps one from holding more than its size. */
const unused = (sizeBytes: number, usedBytes: number): number => Math.max(sizeBytes - usedBytes, 0);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const gibibytes = (value: number): string => `${(value / 2 ** 30).toFixed(1)} GiB`;
