/** What the object store holds, and who may do what with it: buckets and keys by the services that are enabled. */
import type { ZodType } from "zod";
import type { rooms as all } from "../components/index.ts";
import { escapedUser } from "../platform/names.ts";
import type { Home, Rights, Service } from "../platform/service.ts";
import { existingStore, ownBuckets, rooms, s3Owner, viewOf } from "./rooms.ts";
import type { PlatformConfig } from "./schema.ts";

export { s3Owner } from "./rooms.ts";

type AnyRoom = (typeof all)[keyof typeof all];
type BucketOf<S> = S extends Service<ZodType, infer Bucket> ? Bucket : never;
type ConsumerOf<S> = S extends Service<ZodType, string, infer Consumer> ? Consumer : never;

/** Those who read or write S3, each with a key of its own. */
export type S3Consumer = ConsumerOf<AnyRoom> | `user-${string}`;
/** Names of the buckets that several share, by what they are for. */
export type Buckets = Readonly<Record<BucketOf<AnyRoom>, string>>;

export interface ObjectStoreContents {
  readonly buckets: Buckets;
  /** Name of a bucket by what it is for. @throws Error when no room has such a bucket */
  readonly bucket: (use: string) => string;
  /** Buckets that enabled services use. */
  readonly used: readonly string[];
  /** Rights by consumer, of enabled services only. */
  readonly keys: Readonly<Record<S3Consumer, Rights>>;
  /** Secret of each of these consumers in an existing S3 service; empty texts where the platform makes the keys. */
  readonly secretNames: Readonly<Record<S3Consumer, string>>;
  /** By user, the proof's account included; empty without JupyterHub. */
  readonly homes: Readonly<Record<string, Home>>;
}

/** Buckets, keys and homes of a config. */
export function objectStoreContents(config: PlatformConfig): ObjectStoreContents {
  const existing = existingStore(config);
  const own = Object.entries(ownBuckets).map(([key, { name }]) => [key, name]);
  const buckets = existing?.buckets ?? (Object.fromEntries(own) as Record<string, string>);
  const seen = rooms.map((room) => ({ store: room.store, view: viewOf(room, config) }));
  const users = seen.flatMap(({ store, view }) => store?.homes?.users(view) ?? []);
  const homes = Object.fromEntries(users.map((user) => [user, homeOf(user, existing?.buckets["homes"])]));
  const names = {
    homes,
    bucket: (use: string): string => {
      const name = buckets[use];
      if (name === undefined) throw new Error(`no room has a bucket "${use}"`);
      return name;
    },
  };

  const rights = seen.flatMap(({ store, view }) => Object.entries(store?.rights?.(view, names) ?? {}));
  const isUsers = ([consumer]: readonly [string, Rights]): boolean => s3Owner(consumer) === s3Owner("user-");
  // Users come last: their keys come and go.
  const keys: Record<string, Rights> = Object.fromEntries([
    ...rights.filter((key) => !isUsers(key)),
    ...rights.filter(isUsers),
  ]);
  for (const { store, view } of seen) {
    for (const [consumer, granted] of Object.entries(store?.grants?.(view, names) ?? {})) {
      if (keys[consumer] !== undefined) keys[consumer] = { ...keys[consumer], ...granted };
    }
  }
  const secretNames = Object.keys(keys).map((consumer) => [consumer, existing?.secretNames[s3Owner(consumer)] ?? ""]);
  return {
    buckets,
    bucket: names.bucket,
    used: [...new Set(Object.values(keys).flatMap((key) => Object.keys(key)))],
    keys: keys as ObjectStoreContents["keys"],
    secretNames: Object.fromEntries(secretNames) as Record<S3Consumer, string>,
    homes,
  };
}

/** @param shared Bucket of all homes in an existing S3 service. @default - each has a bucket of its own */
function homeOf(user: string, shared: string | undefined): Home {
  const consumer = `user-${escapedUser(user)}` as const;
  return shared === undefined
    ? { consumer, bucket: `home-${escapedUser(user)}`, prefix: "" }
    : { consumer, bucket: shared, prefix: `${escapedUser(user)}/` };
}

/** Those for whom an existing S3 service has no Secret, in the words of the stack's file. */
export function consumersWithoutSecret(config: PlatformConfig): string[] {
  const { secretNames } = objectStoreContents(config);
  const lacking = Object.entries(secretNames).filter(([, secret]) => secret === "");
  return [...new Set(lacking.map(([consumer]) => s3Owner(consumer)))];
}
