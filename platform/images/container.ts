/**
 * Work in a container: files are copied in, a script runs, results are copied out. No folder is mounted, so the engine may be
 * anywhere: behind a `docker context`, in a virtual machine, or beside the container that this program itself runs in.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { run, type RunOptions } from "./run.ts";
import type { Work } from "./work.ts";

/**
 * Begins the names of such containers; the host and the process that they work for follow. A label would become one of the
 * image that is made of a container, and so of every container of that image.
 */
export const WORK_NAME = "millrace-work";
/** On the volumes with the downloads of tool chains. */
export const CACHE_LABEL = "millrace.cache";
const REMOVE_MS = 60_000;

export interface ContainerWork {
  readonly image: string;
  /** Program and arguments. */
  readonly command: readonly string[];
  /** Folder of this machine; each folder in it is laid over the one of that name in the container's root. */
  readonly files: string;
  /** Variables of this process that the container gets with their values, which no command line shows. @default - none */
  readonly env?: Readonly<Record<string, string>>;
  /** Further flags of `docker create`. @default - none */
  readonly flags?: readonly string[];
  readonly onLine?: RunOptions["onLine"];
}

/**
 * Runs a command in a container of its own with the network of this machine, where proxies and name servers are the same.
 * @param after Takes what is wanted from the container, which has ended.
 * @throws Error with the last lines of the command when it fails.
 */
export async function inContainer<T>(
  { image, command, files, env = {}, flags = [], onLine }: ContainerWork,
  { signal }: Pick<Work, "signal">,
  after: (container: string) => Promise<T>,
): Promise<T> {
  const name = [WORK_NAME, hostname(), String(process.pid), randomBytes(4).toString("hex")].join(".");
  const variables = Object.keys(env).flatMap((variable) => ["--env", variable]);
  const create = ["create", "--name", name, "--network", "host", ...variables, ...flags];
  const docker = async (args: readonly string[], options: RunOptions = {}): Promise<string> =>
    await run("docker", args, { ...options, signal });
  abandoned ??= removeAbandoned({ signal }).catch(() => undefined);
  await abandoned;
  // The client passes a signal on, which a shell that is a container's first process does not heed.
  const stop = (): void => void remove(name);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await docker([...create, image, ...command], { env });
    // One by one: as a whole, the folder's own mode would become that of the root.
    for (const folder of readdirSync(files)) await docker(["cp", join(files, folder), `${name}:/`]);
    await docker(["start", "--attach", name], onLine === undefined ? {} : { onLine });
    return await after(name);
  } catch (error) {
    throw signal.aborted ? error : withoutStart(error, name);
  } finally {
    signal.removeEventListener("abort", stop);
    await remove(name);
  }
}

/** Looked for once in each process. */
let abandoned: Promise<void> | undefined;

/** What failed is the command in the container, not `docker start`. */
function withoutStart(error: unknown, name: string): unknown {
  if (!(error instanceof Error)) return error;
  const message = error.message.replace(`docker start --attach ${name} ended`, "the container's command ended");
  return message === error.message ? error : new Error(message, { cause: error });
}

async function remove(name: string): Promise<void> {
  await run("docker", ["rm", "--force", "--volumes", name], { signal: AbortSignal.timeout(REMOVE_MS) }).catch(
    () => undefined,
  );
}

/** Removes containers of runs on this machine that were killed before they could do so. */
async function removeAbandoned({ signal }: Pick<Work, "signal">): Promise<void> {
  const list = ["ps", "--all", "--filter", `name=${WORK_NAME}`, "--format", "{{.Names}}"];
  for (const name of (await run("docker", list, { signal })).split("\n").filter((one) => isAbandoned(one))) {
    await remove(name);
  }
}

/** Whether the name of a container is one of ours on this machine whose process is gone. */
export function isAbandoned(
  name: string,
  host = hostname(),
  lives = (pid: string): boolean => existsSync(`/proc/${pid}`),
): boolean {
  if (!name.startsWith(`${WORK_NAME}.${host}.`)) return false;
  const [, pid] = /^\.(\d+)\.[0-9a-f]{8}$/.exec(name.slice(WORK_NAME.length + 1 + host.length)) ?? [];
  return pid !== undefined && !lives(pid);
}
