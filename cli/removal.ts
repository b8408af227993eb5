/** What data a command would take away: claims by service, with their sizes, as the cluster tells them. */
import type { PlatformConfig } from "../config/index.ts";
import { keepers } from "../config/transitions.ts";
import { type Owned, type OwnedSet, stackOf, stackOfClaim, uses } from "../clusters/claim-owner.ts";
import { PART_OF_LABEL } from "../platform/names.ts";
import { messageOf } from "./errors.ts";
import type { Kube } from "./kube.ts";
import { quantityOf } from "../platform/quantity.ts";
import { serviceName } from "./services.ts";
import { bytes } from "./table.ts";

type Labels = Readonly<Record<string, string>>;

/** A claim with data of a service. */
export interface DataClaim {
  readonly name: string;
  readonly service: string;
  /** Bytes; `null` when the cluster does not say. */
  readonly size: number | null;
}

/** The claims of a namespace, by whose they are. */
export interface ClaimsByOwner {
  /** Those of the stack, also of services that were switched off. */
  readonly own: readonly DataClaim[];
  /** Those of other stacks, and those of a Millrace that nothing says more of. */
  readonly others: readonly (DataClaim & { readonly note: string })[];
}

interface ClaimObject extends Owned {
  readonly spec?: { readonly resources?: { readonly requests?: Labels } };
  readonly status?: { readonly capacity?: Labels };
}

interface SetObject extends OwnedSet {
  readonly spec: NonNullable<OwnedSet["spec"]> & {
    readonly persistentVolumeClaimRetentionPolicy?: { readonly whenDeleted?: string };
  };
}

type Getter = Pick<Kube, "get">;

/** The claims of a namespace, sorted by service and name. */
export async function claimsIn(kube: Getter, namespace: string): Promise<DataClaim[]> {
  return (await claimObjects(kube, namespace)).map(toClaim).sort(byService);
}

/**
 * The claims of a namespace that others may use too. Claims that are not Millrace's are left out.
 * @param stackId Id of the stack; `undefined` when it has none: then nothing is its own.
 */
export async function claimsByOwner(
  kube: Getter,
  namespace: string,
  stackId: string | undefined,
): Promise<ClaimsByOwner> {
  const [sets, claims] = await Promise.all([setsIn(kube, namespace), claimObjects(kube, namespace)]);
  const known = claims.map((claim) => ({ claim, stack: stackOfClaim(claim, sets) }));
  const own = known.filter(({ stack }) => stack !== undefined && stack === stackId);
  const others = known.filter(
    ({ claim, stack }) =>
      (stack !== undefined && stack !== stackId) || (stack === undefined && isMillraces(claim, sets)),
  );
  return {
    own: own.map(({ claim }) => toClaim(claim)).sort(byService),
    others: others
      .map(({ claim, stack }) => ({
        ...toClaim(claim),
        note:
          stack === undefined
            ? `no stack's id says whose it is; kubectl -n ${namespace} delete pvc ${claim.metadata.name} removes it`
            : `of another stack, with the id ${stack}`,
      }))
      .sort(byService),
  };
}

function isMillraces(claim: Owned, sets: readonly OwnedSet[]): boolean {
  const bearers = [claim, ...sets.filter((set) => uses(set, claim.metadata.name))];
  return bearers.some(({ metadata }) => metadata.labels?.[PART_OF_LABEL] === "millrace");
}

function toClaim({ metadata, spec, status }: ClaimObject): DataClaim {
  return {
    name: metadata.name,
    service: serviceName(metadata.labels, metadata.name),
    size: quantityOf(status?.capacity?.["storage"] ?? spec?.resources?.requests?.["storage"]) ?? null,
  };
}

const byService = (a: DataClaim, b: DataClaim): number =>
  `${a.service} ${a.name}`.localeCompare(`${b.service} ${b.name}`);

async function claimObjects(kube: Getter, namespace: string): Promise<readonly ClaimObject[]> {
  const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
  return (await kube.get<{ items: readonly ClaimObject[] }>(path)).items;
}

async function setsIn(kube: Getter, namespace: string): Promise<readonly SetObject[]> {
  const path = `/apis/apps/v1/namespaces/${namespace}/statefulsets`;
  return (await kube.get<{ items: readonly SetObject[] }>(path)).items;
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
export async function dataLines(
  kube: () => Getter,
  namespace: string,
  read: (kube: Getter, namespace: string) => Promise<readonly DataClaim[]> = claimsIn,
): Promise<string[]> {
  try {
    const claims = await read(kube(), namespace);
    return claims.length === 0 ? ["  no claims"] : claimLines(claims);
  } catch (error) {
    return [`  its contents are not known: ${messageOf(error)}`];
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
 * What becomes of the data of services that an `up` with this config takes away.
 * @param stackId Id of the stack: what bears another's is left out.
 */
export async function leavingData(
  kube: Getter,
  config: PlatformConfig,
  stackId: string | undefined,
): Promise<LeavingData> {
  const { namespace } = config.cluster;
  const [sets, claims] = await Promise.all([setsIn(kube, namespace), claimsIn(kube, namespace)]);
  const staying = servicesWithData(config);
  const known = keepers(config).map(({ set }) => set);
  const leaving = sets.filter((set) => {
    const service = serviceName(set.metadata.labels, set.metadata.name);
    return known.includes(service) && !staying.includes(service) && [undefined, stackId].includes(stackOf(set));
  });
  const claimsOf = (deleted: boolean): DataClaim[] =>
    leaving
      .filter(({ spec }) => (spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === "Delete") === deleted)
      .flatMap((set) => claims.filter(({ name }) => uses(set, name)));
  return { removed: claimsOf(true), kept: claimsOf(false) };
}
