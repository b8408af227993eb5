/**
 * Gives each consumer its node, below which it alone may do anything, and takes from everybody the right to make others.
 *
 * Environment: `ZOOKEEPER_SERVERS` (host:port,host:port), `ZOOKEEPER_USER` and `ZOOKEEPER_PASSWORD_FILE` of the superuser, `CONSUMERS`
 * (name,name), `SETUP_TIMEOUT_SECONDS` (300). With `ZOOKEEPER_ROOT`, a node of an ensemble that is somebody else's, consumers' nodes are made
 * below it, for the user alone, who is then the account of all. Running it again changes nothing. Nodes are never removed.
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { endInFailure } from "../../../platform/hops/errors.ts";
import { serverWaitMs } from "../../../platform/hops/limits.ts";
import { setUp } from "./set-up.ts";

const list = z.string().transform((text) => text.split(",").filter((one) => one !== ""));

const environment = z.object({
  ZOOKEEPER_SERVERS: list.pipe(z.array(z.string()).min(1)),
  ZOOKEEPER_USER: z.string().min(1),
  ZOOKEEPER_PASSWORD_FILE: z.string().min(1),
  ZOOKEEPER_ROOT: z.string().startsWith("/").optional(),
  CONSUMERS: list,
  SETUP_TIMEOUT_SECONDS: z.coerce
    .number()
    .positive()
    .default(serverWaitMs / 1000),
});

async function main(): Promise<void> {
  const settings = environment.parse(process.env);
  const password = (await readFile(settings.ZOOKEEPER_PASSWORD_FILE, "utf8")).trim();
  await setUp({
    servers: settings.ZOOKEEPER_SERVERS,
    login: { user: settings.ZOOKEEPER_USER, password },
    root: settings.ZOOKEEPER_ROOT,
    consumers: settings.CONSUMERS,
    timeoutMs: settings.SETUP_TIMEOUT_SECONDS * 1000,
    log: (line) => void process.stdout.write(`${line}\n`),
  });
}

await main().catch(endInFailure);
