/**
 * Makes Versity's gateway hold the declared buckets, accounts and rights.
 *
 * Environment: `S3_URL`, `AWS_REGION`, `ROOT_ACCESS_KEY_ID`, `ROOT_SECRET_ACCESS_KEY`, and `SETUP_CONFIG`, `KEYS_DIR`,
 * `SETUP_TIMEOUT_SECONDS` as in `object-store-setup.ts`. Running it again changes nothing. Buckets are never deleted; one
 * that is not declared any more keeps its objects, and nobody whom a setup gave rights has any on it.
 */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { bucketName, type KeyPair, type Setup } from "./setup.ts";
import { readPairs, setupEnvironment, setUpOrExit, waitForServer } from "./setup-job.ts";
import { VersityAdmin } from "./versity-admin.ts";
import { policyOf, withoutOurs } from "./versity-policy.ts";

const environment = setupEnvironment.extend({
  S3_URL: z.url(),
  AWS_REGION: z.string().min(1),
  ROOT_ACCESS_KEY_ID: z.string().min(1),
  ROOT_SECRET_ACCESS_KEY: z.string().min(1),
});

/**
 * Creates what is missing, corrects what differs, and deletes accounts that it made and that no consumer has any more.
 * @returns what was changed, a line each
 */
export async function setUpVersity(
  admin: VersityAdmin,
  setup: Setup,
  pairs: ReadonlyMap<string, KeyPair>,
): Promise<string[]> {
  const changes: string[] = [];
  for (const bucket of setup.buckets) {
    if (await admin.hasBucket(bucket)) continue;
    await admin.createBucket(bucket);
    changes.push(`bucket ${bucket}: created`);
  }
  const accounts = await admin.accounts();
  for (const consumer of Object.keys(setup.keys)) {
    const pair = pairs.get(consumer);
    if (pair === undefined) throw new Error(`no key pair for consumer ${consumer}`);
    const held = accounts.find(({ accessKey }) => accessKey === pair.accessKey);
    if (held === undefined) {
      await admin.createAccount(pair.accessKey, pair.secretKey);
      changes.push(`key ${consumer}: created as ${pair.accessKey}`);
    } else if (held.secretKey !== pair.secretKey) {
      await admin.changeSecret(pair.accessKey, pair.secretKey);
      changes.push(`key ${consumer}: secret changed`);
    }
  }
  // A policy names accounts, so it comes after those that are new and before those that go.
  for (const bucket of setup.buckets) {
    const wanted = policyOf(bucket, setup, pairs);
    if (isDeepStrictEqual(await admin.policy(bucket), wanted)) continue;
    await admin.setPolicy(bucket, wanted);
    changes.push(`bucket ${bucket}: rights set`);
  }
  const foreign = new Set(accounts.filter(({ isOurs }) => !isOurs).map(({ accessKey }) => accessKey));
  const undeclared = (await admin.buckets()).filter((name) => !setup.buckets.includes(name));
  for (const bucket of undeclared.filter((name) => bucketName.safeParse(name).success)) {
    const held = await admin.policy(bucket);
    const kept = withoutOurs(held, (accessKey) => foreign.has(accessKey));
    if (isDeepStrictEqual(held, kept)) continue;
    await admin.setPolicy(bucket, kept);
    changes.push(`bucket ${bucket}: rights taken away, it is not declared any more`);
  }
  const declared = new Set([...pairs.values()].map(({ accessKey }) => accessKey));
  for (const { accessKey } of accounts.filter((account) => account.isOurs && !declared.has(account.accessKey))) {
    await admin.deleteAccount(accessKey);
    changes.push(`key ${accessKey}: deleted, no consumer has it`);
  }
  return changes;
}

if (import.meta.main) {
  await setUpOrExit(async () => {
    const settings = environment.parse(process.env);
    const admin = new VersityAdmin({
      url: settings.S3_URL,
      region: settings.AWS_REGION,
      accessKey: settings.ROOT_ACCESS_KEY_ID,
      secretKey: settings.ROOT_SECRET_ACCESS_KEY,
    });
    await waitForServer(admin, settings.SETUP_TIMEOUT_SECONDS);
    const pairs = await readPairs(settings.KEYS_DIR, Object.keys(settings.SETUP_CONFIG.keys));
    return await setUpVersity(admin, settings.SETUP_CONFIG, pairs);
  });
}
