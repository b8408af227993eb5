/**
 * Has Connect run the platform's connectors: makes, changes and removes them. One that Connect refuses, or that fails at its
 * start, is told in Connect's words, and the others go on.
 *
 * Environment: `CONNECT_URL` = `http://connect:8083`, `CONNECTORS_FILE`, `CONNECT_TIMEOUT_SECONDS` (300).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { serverWaitMs } from "../../../platform/hops/limits.ts";
import { type Applied, applyConnectors, failedStarts } from "./apply.ts";
import { connectApi, type ConnectApi } from "./connect-api.ts";
import { readWanted, type Wanted } from "./wanted.ts";

const environment = z.object({
  CONNECT_URL: z.url(),
  CONNECTORS_FILE: z.string().min(1),
  CONNECT_TIMEOUT_SECONDS: z.coerce
    .number()
    .positive()
    .default(serverWaitMs / 1000),
});

const pauseMs = 1000;

const log = (line: string): void => void process.stdout.write(`${line}\n`);

async function applied(api: ConnectApi, wanted: Wanted, seconds: number): Promise<Applied> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await applyConnectors(api, wanted);
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`no Connect within ${seconds} s: ${String(error)}`, { cause: error });
      await sleep(pauseMs);
    }
  }
}

const settings = environment.parse(process.env);
const wanted = readWanted(settings.CONNECTORS_FILE);
const api = connectApi(settings.CONNECT_URL);
try {
  const { changes, refused } = await applied(api, wanted, settings.CONNECT_TIMEOUT_SECONDS);
  changes.forEach(log);
  const failed = await failedStarts(
    api,
    Object.keys(wanted).filter((name) => refused[name] === undefined),
  );
  const problems = [
    ...Object.entries(refused).map(([name, words]) => `connector ${name} is refused: ${words}`),
    ...Object.entries(failed).map(([name, words]) => `connector ${name} has failed: ${words}`),
  ];
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  log(`${Object.keys(wanted).length} connectors, ${changes.length} changes`);
  if (problems.length > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
