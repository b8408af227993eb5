/** What of the embedded cluster is on this machine: the evidence that a removed cluster left nothing. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type Docker from "dockerode";
import { type EmbeddedNames, LABEL } from "./container-spec.ts";
import { OWNER_ID_LABEL } from "./owner.ts";
import { isFree } from "./ports.ts";

/** Each list names what is there; all are empty when nothing is left. */
export interface Inventory {
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  /** Mount points of the container or volume on the host. */
  readonly mounts: readonly string[];
  /** `program (process 812)` of everything that runs in the container's cgroup. */
  readonly processes: readonly string[];
  /** Published ports of 127.0.0.1 that someone listens on. */
  readonly ports: readonly number[];
}

export interface InventoryQuery {
  readonly names: EmbeddedNames;
  /** The ports that the cluster published; `undefined`: it is not there, so whoever listens on them is somebody else. */
  readonly ports: readonly number[] | undefined;
  /** Whose containers for a short question to the engine count; `undefined`: nobody's. */
  readonly ownerId: string | undefined;
  /** Id of the container, known while it existed: mounts and processes bear it. */
  readonly containerId?: string | undefined;
}

/** Looks at engine, mounts, processes and ports. */
export async function takeInventory(docker: Docker, query: InventoryQuery): Promise<Inventory> {
  // What bears the name and is not of Millrace is nothing that a removal leaves.
  const isOurs = ({ Labels }: { readonly Labels?: Readonly<Record<string, string>> | null | undefined }): boolean =>
    Labels?.[LABEL] !== undefined;
  const named = (name: string) => ({ filters: { name: [`^/?${name}$`] } });
  const { names } = query;
  const probes = { label: [`${LABEL}=probe`, `${OWNER_ID_LABEL}=${query.ownerId ?? ""}`] };
  const [containers, labelled, volumes, networks] = await Promise.all([
    docker.listContainers({ all: true, ...named(names.container) }),
    docker.listContainers({ all: true, filters: probes }),
    docker.listVolumes(named(names.volume)),
    docker.listNetworks(named(names.network)),
  ]);
  const all = [...containers, ...labelled].filter(isOurs);
  const ids = [...new Set([...all.map(({ Id }) => Id), query.containerId ?? ""])].filter((id) => id !== "");
  const ports: number[] = [];
  for (const port of query.ports ?? []) if (!(await isFree(port))) ports.push(port);
  return {
    containers: [...new Set(all.flatMap(({ Names }) => Names).map((name) => name.replace(/^\//, "")))],
    volumes: volumes.Volumes.filter(isOurs).map(({ Name }) => Name),
    networks: networks.filter(isOurs).map(({ Name }) => Name),
    mounts: mountsOf(readFileSync("/proc/self/mounts", "utf8"), [...ids, names.volume]),
    processes: processesOf(ids),
    ports,
  };
}

/** Mount points in a table in the format of `/proc/mounts` whose line bears one of the marks. */
export function mountsOf(table: string, marks: readonly string[]): string[] {
  const lines = table.split("\n").filter((line) => marks.some((mark) => line.includes(mark)));
  return lines.map((line) => line.split(" ")[1] ?? line);
}

function processesOf(ids: readonly string[]): string[] {
  if (ids.length === 0 || !existsSync("/proc")) return [];
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const cgroup = readFileSync(`/proc/${pid}/cgroup`, "utf8");
      if (!ids.some((id) => cgroup.includes(id))) return [];
      return [`${readFileSync(`/proc/${pid}/comm`, "utf8").trim()} (process ${pid})`];
    } catch {
      // The process ended while it was looked at.
      return [];
    }
  });
}

/** What is left though it should not be: everything, except the volume where its data was to be kept. */
export function leftovers(found: Inventory, { keepData }: { readonly keepData: boolean }): Inventory {
  return keepData ? { ...found, volumes: [] } : found;
}

/** Whether nothing is there. */
export function isEmpty(found: Inventory): boolean {
  return Object.values(found).every((list: readonly unknown[]) => list.length === 0);
}

/** Lines such as `volume millrace-var`, for people. */
export function inventoryLines(found: Inventory): string[] {
  return [
    ...found.containers.map((name) => `container ${name}`),
    ...found.volumes.map((name) => `volume ${name}`),
    ...found.networks.map((name) => `network ${name}`),
    ...found.mounts.map((path) => `mount ${path}`),
    ...found.processes.map((process) => `process ${process}`),
    ...found.ports.map((port) => `port 127.0.0.1:${port}`),
  ];
}
