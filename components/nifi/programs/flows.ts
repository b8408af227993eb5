/**
 * Puts the platform's flows onto NiFi's canvas.
 *
 * Environment: `NIFI_URL`, `NIFI_USER`, `NIFI_PASSWORD`, `NIFI_PARAMETERS` (a JSON object of names and values), `FLOWS_FOLDER` (its `*.json`
 * are flow definitions), `SETUP_TIMEOUT_SECONDS` (300). Running it again changes nothing.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ApiRefusal } from "../../../platform/api-refusal.ts";
import { endInFailure } from "../../../platform/hops/errors.ts";
import { serverWaitMs } from "../../../platform/hops/limits.ts";
import { applyFlows, applyParameters } from "./apply-flows.ts";
import { type NifiApi, nifiApi, type NifiLogin } from "./nifi-api.ts";

const environment = z.object({
  NIFI_URL: z.url(),
  NIFI_USER: z.string().min(1),
  NIFI_PASSWORD: z.string().min(1),
  NIFI_PARAMETERS: z.string().transform((text) => z.record(z.string(), z.string()).parse(JSON.parse(text))),
  FLOWS_FOLDER: z.string().min(1),
  SETUP_TIMEOUT_SECONDS: z.coerce
    .number()
    .positive()
    .default(serverWaitMs / 1000),
});

const PAUSE_MS = 1000;
const log = (line: string): void => void process.stdout.write(`${line}\n`);

/** A server that is not there yet, or still starts, is asked again. */
async function served(login: NifiLogin, timeoutMs: number): Promise<NifiApi> {
  const end = Date.now() + timeoutMs;
  let said = "";
  for (;;) {
    try {
      return await nifiApi(login);
    } catch (error) {
      const words = (error as Error).message;
      if ((error instanceof ApiRefusal && error.status < 500) || Date.now() > end) throw error;
      if (words !== said) log(words);
      said = words;
    }
    await sleep(PAUSE_MS);
  }
}

async function main(): Promise<void> {
  const settings = environment.parse(process.env);
  const names = (await readdir(settings.FLOWS_FOLDER)).filter((file) => file.endsWith(".json")).sort();
  const files = Object.fromEntries(
    await Promise.all(
      names.map(async (name): Promise<[string, string]> => [
        `flows/${name}`,
        await readFile(join(settings.FLOWS_FOLDER, name), "utf8"),
      ]),
    ),
  );
  const login = { url: settings.NIFI_URL, user: settings.NIFI_USER, password: settings.NIFI_PASSWORD };
  const api = await served(login, settings.SETUP_TIMEOUT_SECONDS * 1000);
  if (await applyParameters(api, settings.NIFI_PARAMETERS)) log("parameters: set");
  const { done, drifted, problems } = await applyFlows(api, files);
  for (const line of [...done, ...drifted]) log(line);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  log(`${names.length} ${names.length === 1 ? "flow" : "flows"}, ${done.length} changes`);
  if (problems.length > 0) process.exitCode = 1;
}

await main().catch(endInFailure);
