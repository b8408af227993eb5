/** What a stack has in its cluster: its claims and the StatefulSets that use them. Only asks. */
import { DATA_OF_ANNOTATION, NAME_LABEL, PART_OF_LABEL, STACK_ID_LABEL } from "../platform/names.ts";
import { quantityOf } from "../platform/quantity.ts";
import { defaultClass } from "./classes.ts";
import { type Owned, type OwnedSet, stackOf, stackOfClaim } from "./claim-owner.ts";
import type { LiveClaim, LivePlatform, LiveSet } from "../config/live-platform.ts";
import { readKubeconfig } from "./kubeconfig.ts";
import { KubeError, KubernetesClient } from "./kubernetes-client.ts";
import type { TargetProfile } from "./profile.ts";

const TIMEOUT_MS = 5_000;

/** On a claim whose data were handed over to others: the time at which its member had none left. */
export const HANDED_OVER_ANNOTATION = "millrace/handed-over";

/** How a stack's namespaces are told from others'. */
export interface Owner {
  /** @default - none: the stack was never brought up */
  readonly stackId?: string;
  /** Namespaces that the config or the state name; those without any stack's id count as this stack's. */
  readonly namespaces: readonly string[];
}

interface Item extends OwnedSet {
  readonly metadata: Owned["metadata"] & {
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: NonNullable<OwnedSet["spec"]> & {
    readonly replicas?: number;
    readonly storageClassName?: string;
    readonly template?: {
      readonly spec?: {
        readonly containers?: readonly {
          readonly volumeMounts?: readonly { readonly mountPath: string }[];
        }[];
      };
    };
    readonly resources?: { readonly requests?: { readonly storage?: string } };
  };
  readonly status?: { readonly capacity?: { readonly storage?: string } };
}

/** What the stack has; `undefined` when there is no cluster or it does not answer within seconds. */
export async function livePlatform(profile: TargetProfile, owner: Owner): Promise<LivePlatform | undefined> {
  try {
    const get = connect(profile);
    const all = await get("/api/v1/namespaces");
    const namespaces = ownNamespaces(all, profile, owner);
    const made = (all ?? []).filter(({ metadata }) => metadata.labels?.[PART_OF_LABEL] === "millrace");
    const [classes, ...lists] = await Promise.all([
      get("/apis/storage.k8s.io/v1/storageclasses"),
      ...namespaces.map(async (namespace) => ({
        claims: (await get(`/api/v1/namespaces/${namespace}/persistentvolumeclaims`)) ?? [],
        sets: (await get(`/apis/apps/v1/namespaces/${namespace}/statefulsets`)) ?? [],
      })),
    ]);
    const defaultStorageClass = defaultClass("storage", classes ?? []);
    const isOthers = (stack: string | undefined): boolean => stack !== undefined && stack !== owner.stackId;
    const claims = lists.flatMap((list) =>
      list.claims.flatMap((item) => {
        const stack = stackOfClaim(item, list.sets) ?? stackOf(item);
        const isEmpty = item.metadata.annotations?.[HANDED_OVER_ANNOTATION] !== undefined;
        return toClaim(item).map((claim) => ({ claim, stack, isEmpty }));
      }),
    );
    const ofOthers = claims.flatMap(({ claim, stack }) => (isOthers(stack) ? [{ ...claim, stack: stack ?? "" }] : []));
    const own = claims.filter(({ stack }) => !isOthers(stack));
    const emptyClaims = own.filter(({ isEmpty }) => isEmpty).map(({ claim }) => claim);
    return {
      claims: own.filter(({ isEmpty }) => !isEmpty).map(({ claim }) => claim),
      ...(emptyClaims.length === 0 ? {} : { emptyClaims }),
      sets: lists.flatMap(({ sets }) => sets.filter((set) => !isOthers(stackOf(set))).flatMap(toSet)),
      ...(ofOthers.length === 0 ? {} : { claimsOfOthers: ofOthers }),
      madeNamespaces: made.map(({ metadata }) => metadata.name).filter((name) => namespaces.includes(name)),
      ...(defaultStorageClass === undefined ? {} : { defaultStorageClass }),
    };
  } catch {
    return undefined;
  }
}

/** Namespaces of the stack: by its id, or, of a platform from before there were ids, by name. */
function ownNamespaces(all: readonly Item[] | undefined, profile: TargetProfile, owner: Owner): string[] {
  // Somebody who may not list namespaces has been given one.
  if (all === undefined) return [...new Set(owner.namespaces)];
  return all
    .filter(({ metadata: { name, labels = {} } }) => {
      const id = labels[STACK_ID_LABEL];
      if (id !== undefined) return id === owner.stackId;
      if (owner.namespaces.includes(name)) return true;
      return profile.target === "embedded" && labels[PART_OF_LABEL] === "millrace";
    })
    .map(({ metadata }) => metadata.name);
}

/** A claim that a StatefulSet's controller made: it carries the labels that select the set's pods. */
function toClaim({ metadata, spec, status }: Item): LiveClaim[] {
  const service = metadata.labels?.[NAME_LABEL];
  const ordinal = service === undefined ? undefined : /-(\d+)$/.exec(metadata.name)?.[1];
  const size = quantityOf(spec?.resources?.requests?.storage ?? "");
  if (service === undefined || ordinal === undefined || size === undefined) return [];
  if (!metadata.name.endsWith(`-${service}-${ordinal}`)) return [];
  const capacity = quantityOf(status?.capacity?.storage ?? "");
  const dataOf = metadata.annotations?.[DATA_OF_ANNOTATION];
  return [
    {
      namespace: metadata.namespace ?? "",
      name: metadata.name,
      service,
      ordinal: Number(ordinal),
      sizeBytes: size,
      ...(spec?.storageClassName === undefined ? {} : { storageClass: spec.storageClassName }),
      ...(capacity === undefined ? {} : { capacityBytes: capacity }),
      ...(dataOf === undefined ? {} : { dataOf }),
    },
  ];
}

function toSet({ metadata, spec }: Item): LiveSet[] {
  const service = metadata.labels?.[NAME_LABEL];
  if (service !== metadata.name) return [];
  return [
    {
      namespace: metadata.namespace ?? "",
      service,
      replicas: spec?.replicas ?? 1,
      hasClaims: (spec?.volumeClaimTemplates ?? []).length > 0,
      ...mountPathsOf(spec),
    },
  ];
}

function mountPathsOf(spec: Item["spec"]): Pick<LiveSet, "mountPaths"> {
  const mounts = spec?.template?.spec?.containers?.[0]?.volumeMounts ?? [];
  return mounts.length === 0 ? {} : { mountPaths: mounts.map(({ mountPath }) => mountPath) };
}

/** Lists by path; `undefined` for what may not be read. */
function connect(profile: Pick<TargetProfile, "kubeconfig" | "context">) {
  const config = readKubeconfig(profile.kubeconfig);
  config.setCurrentContext(profile.context);
  const client = new KubernetesClient(config, { timeoutMs: TIMEOUT_MS });
  return async (path: string): Promise<readonly Item[] | undefined> => {
    try {
      return (await client.json<{ items: Item[] }>("GET", path)).items;
    } catch (error) {
      if (error instanceof KubeError && (error.status === 403 || error.status === 404)) return undefined;
      throw error;
    }
  };
}
