/** What a Garage server must hold, and the steps from what it holds to that. */
import { z } from "zod";
import type { GarageAdmin, Permissions } from "./garage-admin.ts";
import { type Right, right } from "./rights.ts";

/** A bucket's name, as every setup has declared it. */
export const bucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a bucket's name has 3 to 63 of a-z 0-9 . -");

export const setupSchema = z
  .strictObject({
    buckets: z.array(bucketName),
    /** Rights by consumer and bucket. */
    keys: z.record(z.string(), z.record(z.string(), z.array(right))),
  })
  .superRefine(({ buckets, keys }, context) => {
    for (const [consumer, rights] of Object.entries(keys)) {
      for (const bucket of Object.keys(rights).filter((name) => !buckets.includes(name))) {
        context.addIssue(
          `key ${consumer} has rights on bucket ${bucket}, which is not declared: ${buckets.join(", ")}`,
        );
      }
    }
  });

export type Setup = z.infer<typeof setupSchema>;

export interface KeyPair {
  readonly accessKey: string;
  readonly secretKey: string;
}

/**
 * Creates what is missing, corrects what differs, and takes away rights that are no longer declared. Keys that carry the
 * name of a consumer but another id are old ones and are deleted; keys of other names are left alone.
 * @returns what was changed, a line each
 */
export async function setUp(admin: GarageAdmin, setup: Setup, pairs: ReadonlyMap<string, KeyPair>): Promise<string[]> {
  await refuseChangedSecrets(admin, pairs);
  const changes: string[] = [];
  for (const alias of setup.buckets) {
    if ((await admin.bucket(alias)) !== undefined) continue;
    await admin.createBucket(alias);
    changes.push(`bucket ${alias}: created`);
  }
  for (const consumer of Object.keys(setup.keys)) {
    const pair = pairs.get(consumer);
    if (pair === undefined) throw new Error(`no key pair for consumer ${consumer}`);
    changes.push(...(await setUpKey(admin, consumer, pair)));
  }
  for (const alias of setup.buckets) changes.push(...(await setUpRights(admin, alias, setup, pairs)));
  return changes;
}

/** Garage remembers the ids of deleted keys and never takes one again, so a secret can't change under its id. */
async function refuseChangedSecrets(admin: GarageAdmin, pairs: ReadonlyMap<string, KeyPair>): Promise<void> {
  const problems: string[] = [];
  for (const [consumer, { accessKey, secretKey }] of pairs) {
    const existing = await admin.key(accessKey);
    if (existing === undefined || existing.secretAccessKey === secretKey) continue;
    problems.push(
      `key ${consumer}: the server has ${accessKey} with another secret, and Garage can't change it; ` +
        "give the consumer a new access key id together with the new secret",
    );
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

async function setUpKey(admin: GarageAdmin, consumer: string, pair: KeyPair): Promise<string[]> {
  const changes: string[] = [];
  if ((await admin.key(pair.accessKey)) === undefined) {
    await admin.importKey(consumer, pair.accessKey, pair.secretKey);
    changes.push(`key ${consumer}: created`);
  }
  for (const old of (await admin.keys()).filter(({ id, name }) => name === consumer && id !== pair.accessKey)) {
    await admin.deleteKey(old.id);
    changes.push(`key ${consumer}: old key ${old.id} deleted`);
  }
  return changes;
}

async function setUpRights(
  admin: GarageAdmin,
  alias: string,
  setup: Setup,
  pairs: ReadonlyMap<string, KeyPair>,
): Promise<string[]> {
  const changes: string[] = [];
  const bucket = await admin.bucket(alias);
  if (bucket === undefined) throw new Error(`bucket ${alias} vanished during the setup`);
  for (const [consumer, rights] of Object.entries(setup.keys)) {
    const id = pairs.get(consumer)?.accessKey ?? "";
    const wanted = permissionsOf(rights[alias] ?? []);
    const held = bucket.keys.find(({ accessKeyId }) => accessKeyId === id)?.permissions ?? permissionsOf([]);
    const missing = subtract(wanted, held);
    const excess = subtract(held, wanted);
    if (anyOf(missing)) {
      await admin.allow(bucket.id, id, missing);
      changes.push(`key ${consumer}: may ${namesOf(missing)} bucket ${alias}`);
    }
    if (anyOf(excess)) {
      await admin.deny(bucket.id, id, excess);
      changes.push(`key ${consumer}: may no longer ${namesOf(excess)} bucket ${alias}`);
    }
  }
  return changes;
}

function permissionsOf(rights: readonly Right[]): Permissions {
  return { read: rights.includes("read"), write: rights.includes("write"), owner: rights.includes("owner") };
}

function subtract(from: Permissions, what: Permissions): Permissions {
  return { read: from.read && !what.read, write: from.write && !what.write, owner: from.owner && !what.owner };
}

function anyOf(rights: Permissions): boolean {
  return rights.read || rights.write || rights.owner;
}

function namesOf(rights: Permissions): string {
  return right.options.filter((name) => rights[name]).join(", ");
}
