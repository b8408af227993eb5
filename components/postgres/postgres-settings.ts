/** Settings of the PostgreSQL server, sized for its container. */
import { mebibytes, quantityOf } from "../../platform/quantity.ts";
import type { DataSettings } from "../../platform/storage.ts";

/** Where the server looks for both files. */
export const SETTINGS_PATH = "/etc/postgresql";

/** Connections of all consumers together: a process each, and most of them idle. */
const MAX_CONNECTIONS = 60;
/** Shares of the container's memory; the rest is for the connections and the cache of files. */
const SHARED_BUFFERS_SHARE = 0.25;
const MAINTENANCE_SHARE = 0.0625;
const CACHE_SHARE = 0.5;
/** Share of the claim that the log of changes may take before it is written back to the tables. */
const WAL_SHARE = 0.125;
const MAX_WAL_MI = 1024;
/** Two segments: the server takes no less. */
const MIN_WAL_MI = 32;

/** Who may connect how. Within its pod the superuser needs no password; over the network everyone does. */
export const pgHba = `# TYPE  DATABASE  USER      ADDRESS  METHOD
local   all       postgres           peer
host    all       all       all      scram-sha-256
`;

/** Text of `postgresql.conf`: what differs from the defaults, so data are synced to disk before a commit is answered. */
export function postgresConf(args: { readonly memoryLimit: string; readonly data: DataSettings }): string {
  const memory = mebibytes(args.memoryLimit);
  const share = (part: number): string => `${String(Math.floor(memory * part))}MB`;
  const settings: Readonly<Record<string, string>> = {
    listen_addresses: "*",
    hba_file: `${SETTINGS_PATH}/pg_hba.conf`,
    max_connections: String(MAX_CONNECTIONS),
    shared_buffers: share(SHARED_BUFFERS_SHARE),
    maintenance_work_mem: share(MAINTENANCE_SHARE),
    effective_cache_size: share(CACHE_SHARE),
    max_wal_size: `${String(maxWalMebibytes(args.data))}MB`,
    min_wal_size: `${String(MIN_WAL_MI)}MB`,
    // The image leaves its 105 MB out, and short queries are slower with it.
    jit: "off",
    // /dev/shm of a container is small, and the node has few cores.
    max_parallel_workers_per_gather: "0",
    autovacuum_max_workers: "2",
    // A client that vanished without a word holds its locks until this finds out.
    tcp_keepalives_idle: "30s",
    tcp_keepalives_interval: "10s",
    tcp_keepalives_count: "3",
    client_connection_check_interval: "10s",
    timezone: "UTC",
    log_timezone: "UTC",
    log_line_prefix: "%m [%p] %q%u@%d ",
    log_checkpoints: "off",
    log_lock_waits: "on",
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${value}'\n`)
    .join("");
}

function maxWalMebibytes(data: DataSettings): number {
  if (data.kind === "ephemeral") return MAX_WAL_MI / 4;
  const size = (quantityOf(data.size) ?? 0) / 2 ** 20;
  return Math.min(MAX_WAL_MI, Math.max(2 * MIN_WAL_MI, Math.floor(size * WAL_SHARE)));
}
