/** What data a command would take away: claims by service, with their sizes, as the cluster tells them. */
import type { PlatformConfig } from "../config/index.ts";
import { keepers } from "../config/transitions.ts";
import { PART_OF_LABEL } from "../platform/names.ts";
import { messageOf } from "./errors.ts";
import type { Kube } from "./kube.ts";
import { quantity } from "./quantity.ts";
import { serviceName } from "./services.ts";
import { bytes } from "./table.ts";

type Labels = Readonly<Record<string, string>>;

/** A claim with data of a service. */
export interface DataClaim {
  readonly name: string;
  readonly service: string;
  /** Bytes; `null` when the cluster does not say. */
  readonly size: number | null;
  /** Whether it carries the platform's label. */
  readonly isOurs: boolean;
}

interface ClaimObject {
  readonly metadata: { readonly name: string; readonly labels?: Labels };
  readonly spec?: { readonly resources?: { readonly requests?: Labels } };
  readonly status?: { readonly capacity?: Labels };
}

interface SetObject {
  readonly metadata: { readonly name: string; readonly labels?: Labels };
  readonly spec: {
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
    readonly persistentVolumeClaimRetentionPolicy?: { readonly whenDeleted?: string };
  };
}

type Getter = Pick<Kube, "get">;

/** The claims of a namespace, sorted by service and name. */
export async function claimsIn(kube: Getter, namespace: string): Promise<DataClaim[]> {
  const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
  const { items } = await kube.get<{ items: readonly ClaimObject[] }>(path);
  return items
    .map(({ metadata, spec, status }) => ({
      name: metadata.name,
      service: serviceName(metadata.labels, metadata.name),
      size: quantity(status?.capacity?.["storage"] ?? spec?.resources?.requests?.["storage"]) ?? null,
      isOurs: metadata.labels?.[PART_OF_LABEL] === "millrace",
    }))
    .sort((a, b) => `${a.service} ${a.name}`.localeCompare(`${b.service} ${b.name}`));
}

/** `  kafka: data-kafka-0 (5.0 GiB)`, a line for each claim. */
export function claimLines(claims: readonly DataClaim[]): string[] {
  return claims.map(
    ({ service, name, size }) => `  ${service}: ${name} (${size === null ? "size not known" : bytes(size)})`,
  );
}

/**
 * The data of a namespace in lines, or one line that says why it is not known.
 * @param read Which claims count. @default - all
 */
export async function dataLines(kube: () => Getter, namespace: string, read = claimsIn): Promise<string[]> {
  try {
    const claims = await read(kube(), namespace);
    return claims.length === 0 ? ["  no claims"] : claimLines(claims);
  } catch (error) {
    return [`  what is in it is not known: ${messageOf(error)}`];
  }
}

/** Services with claims of their own that a config has, by the name that their objects are labelled with. */
export function servicesWithData(config: PlatformConfig): string[] {
  return keepers(config)
    .filter(({ isOwn }) => isOwn)
    .map(({ set }) => set);
}

/** Claims of services that a config no longer has. */
export interface LeavingData {
  /** They go with their StatefulSet. */
  readonly removed: readonly DataClaim[];
  /** They outlive it. */
  readonly kept: readonly DataClaim[];
}

/**
 * Claims of the platform's own services, also of those that were switched off, and of nobody else's in the namespace.
 * A claim made by an older Millrace has no label that says so: it counts while its StatefulSet is there.
 */
export async function ownClaims(kube: Getter, namespace: string): Promise<DataClaim[]> {
  const [sets, claims] = await Promise.all([ownSets(kube, namespace), claimsIn(kube, namespace)]);
  return claims.filter((claim) => claim.isOurs || sets.some((set) => belongsTo(claim, set)));
}

async function ownSets(kube: Getter, namespace: string): Promise<readonly SetObject[]> {
  const selector = encodeURIComponent(`${PART_OF_LABEL}=millrace`);
  const path = `/apis/apps/v1/namespaces/${namespace}/statefulsets?labelSelector=${selector}`;
  return (await kube.get<{ items: readonly SetObject[] }>(path)).items;
}

/** What becomes of the data of services that an `up` with this config takes away. */
export async function leavingData(kube: Getter, config: PlatformConfig): Promise<LeavingData> {
  const { namespace } = config.cluster;
  const [sets, claims] = await Promise.all([ownSets(kube, namespace), claimsIn(kube, namespace)]);
  const staying = servicesWithData(config);
  const known = keepers(config).map(({ set }) => set);
  const leaving = sets.filter(({ metadata }) => {
    const service = serviceName(metadata.labels, metadata.name);
    return known.includes(service) && !staying.includes(service);
  });
  const claimsOf = (deleted: boolean): DataClaim[] =>
    leaving
      .filter(({ spec }) => (spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === "Delete") === deleted)
      .flatMap((set) => claims.filter((claim) => belongsTo(claim, set)));
  return { removed: claimsOf(true), kept: claimsOf(false) };
}

/** A StatefulSet names its claims `<template>-<set>-<ordinal>`. */
function belongsTo({ name }: DataClaim, { metadata, spec }: SetObject): boolean {
  return (spec.volumeClaimTemplates ?? []).some((template) => {
    const prefix = `${template.metadata.name}-${metadata.name}-`;
    return name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length));
  });
}
