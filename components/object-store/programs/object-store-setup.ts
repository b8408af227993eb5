/**
 * Makes a Garage server hold exactly the declared buckets and keys.
 *
 * Environment: `ADMIN_URL`, `GARAGE_ADMIN_TOKEN_FILE`, `SETUP_CONFIG` = `{"buckets": ["lake"], "keys": {"spark": {"lake":
 * ["read", "write"]}}}`, `KEYS_DIR` (/run/keys; holds `<consumer>/accessKey` and `<consumer>/secretKey`),
 * `SETUP_TIMEOUT_SECONDS` (300). Running it again changes nothing. Buckets are never deleted.
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { GarageAdmin } from "./garage-admin.ts";
import { setUp } from "./setup.ts";
import { readPairs, setupEnvironment, setUpOrExit, waitForServer } from "./setup-job.ts";

const environment = setupEnvironment.extend({ ADMIN_URL: z.url(), GARAGE_ADMIN_TOKEN_FILE: z.string().min(1) });

await setUpOrExit(async () => {
  const settings = environment.parse(process.env);
  const token = (await readFile(settings.GARAGE_ADMIN_TOKEN_FILE, "utf8")).trim();
  const admin = new GarageAdmin(settings.ADMIN_URL, token);
  await waitForServer(admin, settings.SETUP_TIMEOUT_SECONDS);
  const pairs = await readPairs(settings.KEYS_DIR, Object.keys(settings.SETUP_CONFIG.keys));
  return await setUp(admin, settings.SETUP_CONFIG, pairs);
});
