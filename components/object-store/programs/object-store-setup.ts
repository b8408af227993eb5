/**
 * Makes a Garage server hold exactly the declared buckets and keys.
 *
 * Environment: `ADMIN_URL`, `GARAGE_ADMIN_TOKEN`, `SETUP_CONFIG` = `{"buckets": ["lake"], "keys": {"spark": {"lake":
 * ["read", "write"]}}}`, `KEYS_DIR` (/run/keys; holds `<consumer>/accessKey` and `<consumer>/secretKey`),
 * `SETUP_TIMEOUT_SECONDS` (300). Running it again changes nothing. Buckets are never deleted.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { serverWaitMs } from "../../../platform/hops/limits.ts";
import { GarageAdmin } from "./garage-admin.ts";
import { setUp, setupSchema } from "./setup.ts";
import type { KeyPair } from "./setup.ts";

const environment = z.object({
  ADMIN_URL: z.url(),
  GARAGE_ADMIN_TOKEN: z.string().min(1),
  SETUP_CONFIG: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(setupSchema),
  KEYS_DIR: z.string().min(1).default("/run/keys"),
  SETUP_TIMEOUT_SECONDS: z.coerce
    .number()
    .positive()
    .default(serverWaitMs / 1000),
});

const log = (line: string): void => void process.stdout.write(`${line}\n`);

async function readPairs(folder: string, consumers: readonly string[]): Promise<Map<string, KeyPair>> {
  const read = async (consumer: string, field: string): Promise<string> =>
    (await readFile(join(folder, consumer, field), "utf8")).trim();
  const pairs = consumers.map(
    async (consumer) =>
      [
        consumer,
        { accessKey: await read(consumer, "accessKey"), secretKey: await read(consumer, "secretKey") },
      ] as const,
  );
  return new Map(await Promise.all(pairs));
}

async function waitForServer(admin: GarageAdmin, seconds: number): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const problem = await admin.problem();
    if (problem === undefined) return;
    if (Date.now() > deadline) throw new Error(`no answer from ${admin.url} within ${seconds} s: ${problem}`);
    await sleep(1000);
  }
}

async function main(): Promise<void> {
  const settings = environment.parse(process.env);
  const admin = new GarageAdmin(settings.ADMIN_URL, settings.GARAGE_ADMIN_TOKEN);
  await waitForServer(admin, settings.SETUP_TIMEOUT_SECONDS);
  const pairs = await readPairs(settings.KEYS_DIR, Object.keys(settings.SETUP_CONFIG.keys));
  const changes = await setUp(admin, settings.SETUP_CONFIG, pairs);
  changes.forEach(log);
  log(changes.length === 0 ? "nothing to change" : `${changes.length} changes`);
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
