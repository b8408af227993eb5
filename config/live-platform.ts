/** What a stack has in its cluster, and what a change of it is judged by. `clusters/claims.ts` reads it. */
import type { PlatformConfig } from "./schema.ts";

/** A claim of one of the platform's services. */
export interface LiveClaim {
  readonly namespace: string;
  readonly name: string;
  /** The service's name in Kubernetes, which is also that of its StatefulSet. */
  readonly service: string;
  /** Number of the pod that the claim belongs to. */
  readonly ordinal: number;
  readonly storageClass?: string;
  /** What it asks for. */
  readonly sizeBytes: number;
  /** What it has; less than `sizeBytes` while it grows. `undefined` before it is bound. */
  readonly capacityBytes?: number;
  /** The program that has written it, where a setting chooses between several. @default - not known */
  readonly dataOf?: string;
}

/** A claim of another stack in the same namespace. */
export interface ForeignClaim extends LiveClaim {
  /** Id of that stack. */
  readonly stack: string;
}

/** A StatefulSet of one of the platform's services. */
export interface LiveSet {
  readonly namespace: string;
  readonly service: string;
  readonly replicas: number;
  /** Whether its pods keep their data on claims. */
  readonly hasClaims: boolean;
  /** Where its first container has volumes. @default - nowhere */
  readonly mountPaths?: readonly string[];
}

/** What a stack has in its cluster. */
export interface LivePlatform {
  readonly claims: readonly LiveClaim[];
  readonly sets: readonly LiveSet[];
  /** Claims of members that have handed their data over, and are to go with them. @default - none */
  readonly emptyClaims?: readonly LiveClaim[];
  /** Claims of other stacks, or of a state of this one that is gone, in the same namespaces. @default - none */
  readonly claimsOfOthers?: readonly ForeignClaim[];
  /** Name of the cluster's default StorageClass. */
  readonly defaultStorageClass?: string;
  /** Namespaces that Millrace made for the stack. @default - none */
  readonly madeNamespaces?: readonly string[];
}

/** What a rule looks at. */
export interface Transition {
  readonly live: LivePlatform;
  readonly config: PlatformConfig;
  /** StorageClass of the claims to come, as the target resolves it: a name, `default` or `none`. */
  readonly storageClass: string;
  /** Whether members that are to go will have handed their data over before, where they can. @default false */
  readonly isHandedOver?: boolean;
}
