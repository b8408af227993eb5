/** Whether ports of this machine are free, and who has those that are not. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { type EmbeddedPorts, publishedPorts } from "./container-spec.ts";

/** A port that is taken. */
export interface PortClash {
  readonly key: string;
  readonly port: number;
  /** Program and process id, when they can be known. */
  readonly holder?: string;
}

function titleOf(key: string): string {
  if (key === "apiServer") return "the Kubernetes API";
  return key === "registry" ? "the image registry" : (publishedPorts[key]?.title ?? key);
}

/** Where a stack sets a port, below `millrace:cluster`. */
function setting(key: string): string {
  if (key === "apiServer") return "cluster.embedded.apiPort";
  return key === "registry" ? "cluster.embedded.registryPort" : `cluster.nodePorts.${key}`;
}

/** Ports in use on 127.0.0.1, in the order of the settings. */
export async function portClashes(ports: EmbeddedPorts): Promise<PortClash[]> {
  const clashes: PortClash[] = [];
  for (const [key, port] of Object.entries(ports)) {
    if (await isFree(port)) continue;
    const holder = portHolder(port);
    clashes.push({ key, port, ...(holder === undefined ? {} : { holder }) });
  }
  return clashes;
}

/** One message for all clashes; empty when there are none. */
export function clashMessage(clashes: readonly PortClash[]): string {
  return clashes
    .map(
      ({ key, port, holder }) =>
        `port ${port} on 127.0.0.1, wanted for ${titleOf(key)}, is in use by ${holder ?? "another program"}; ` +
        `stop that program, or set ${setting(key)} to a free port`,
    )
    .join("\n");
}

/** Whether nobody listens on this port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () =>
      server.close(() => {
        resolve(true);
      }),
    );
  });
}

const LISTEN = "0A";

/** Inode of the socket that listens on the port, from a table in the format of `/proc/net/tcp`. */
export function listeningInode(table: string, port: number): string | undefined {
  const suffix = ":" + port.toString(16).toUpperCase().padStart(4, "0");
  for (const line of table.split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(suffix) === true && fields[3] === LISTEN) return fields[9];
  }
  return undefined;
}

/** `nginx (process 812)` for the program that listens on the port; `undefined` where this user may not see it. */
function portHolder(port: number): string | undefined {
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readOr(file, ""));
  const inode = tables.map((table) => listeningInode(table, port)).find((found) => found !== undefined);
  if (inode === undefined) return undefined;
  for (const pid of listOr("/proc").filter((name) => /^\d+$/.test(name))) {
    const holds = listOr(`/proc/${pid}/fd`).some((fd) => linkOr(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
    if (holds) return `${readOr(`/proc/${pid}/comm`, "a program").trim()} (process ${pid})`;
  }
  return undefined;
}

// Processes come and go, and those of other users are closed to us: what cannot be read is skipped.
function readOr(file: string, fallback: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return fallback;
  }
}

function listOr(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function linkOr(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}
