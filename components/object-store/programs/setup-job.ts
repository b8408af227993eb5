/** What the setup Jobs of the S3 servers share: their environment, the consumers' keys, and how they end. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { endInFailure } from "../../../platform/hops/errors.ts";
import { serverWaitMs } from "../../../platform/hops/limits.ts";
import { type KeyPair, setupSchema } from "./setup.ts";

export const setupEnvironment = z.object({
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

export async function readPairs(folder: string, consumers: readonly string[]): Promise<Map<string, KeyPair>> {
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

/** @throws {Error} when the server can't be set up within that time */
export async function waitForServer(
  admin: { readonly url: string; problem(): Promise<string | undefined> },
  seconds: number,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const problem = await admin.problem();
    if (problem === undefined) return;
    if (Date.now() > deadline) throw new Error(`no answer from ${admin.url} within ${seconds} s: ${problem}`);
    await sleep(1000);
  }
}

const log = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs a setup, says what it changed, and fails the Job with one line. */
export async function setUpOrExit(setUp: () => Promise<readonly string[]>): Promise<void> {
  try {
    const changes = await setUp();
    changes.forEach(log);
    log(changes.length === 0 ? "nothing to change" : `${changes.length} changes`);
  } catch (error) {
    endInFailure(error);
  }
}
