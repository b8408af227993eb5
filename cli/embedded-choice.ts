/** Which embedded cluster a stack of this clone is on: what `--name` chose is remembered for later runs. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import Docker from "dockerode";

import { defaultPorts, type EmbeddedPorts, LABEL } from "../clusters/embedded/container-spec.ts";
import { isFree } from "../clusters/embedded/ports.ts";
import { UserError } from "./errors.ts";
import { projectDir } from "./paths.ts";

/** A cluster by its name, with the ports that were chosen for it. */
export interface EmbeddedChoice {
  readonly name: string;
  /** @default - those of the stack */
  readonly ports?: EmbeddedPorts;
}

function choiceFile(stack: string, folder: string): string {
  return join(folder, ".millrace", "stacks", `${stack}.json`);
}

/** The cluster of the stack's last `up`; `undefined` when there was none. */
export function rememberedChoice(stack: string, folder = projectDir): EmbeddedChoice | undefined {
  const file = choiceFile(stack, folder);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, "utf8")) as EmbeddedChoice;
  } catch {
    throw new UserError(
      `${file} is damaged, so it is not known which cluster stack ${stack} is on; remove the file, then give --name`,
    );
  }
}

export function rememberChoice(stack: string, choice: EmbeddedChoice, folder = projectDir): void {
  const file = choiceFile(stack, folder);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(choice, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

export function forgetChoice(stack: string, folder = projectDir): void {
  rmSync(choiceFile(stack, folder), { force: true });
}

/** @throws UserError when Docker takes no container of that name. */
export function checkName(name: string): void {
  if (/^[a-z0-9][-a-z0-9]{0,30}[a-z0-9]$/.test(name)) return;
  throw new UserError(
    `--name "${name}" is not a cluster's name; use 2 to 32 lower-case letters, digits and dashes, beginning and ending with a letter or digit`,
  );
}

type Settings = Readonly<Record<string, unknown>>;

const settings = (value: unknown): Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Settings) : {};

/** The name that the stack's own file gives its cluster; `undefined`: none. */
export function nameInFile(cluster: unknown): string | undefined {
  const name = settings(settings(cluster)["embedded"])["name"];
  return typeof name === "string" ? name : undefined;
}

/** `millrace:cluster` with the choice in it; a port that the stack's file sets stays. */
export function overlayChoice(cluster: unknown, { name, ports }: EmbeddedChoice): Record<string, unknown> {
  const given = settings(cluster);
  const embedded = settings(given["embedded"]);
  if (ports === undefined) return { ...given, embedded: { ...embedded, name } };
  const { apiServer, registry, ...nodePorts } = ports;
  return {
    ...given,
    embedded: { apiPort: apiServer, registryPort: registry, ...embedded, name },
    nodePorts: { ...nodePorts, ...settings(given["nodePorts"]) },
  };
}

/** Node ports that Kubernetes gives out, and the range of the others. */
const nodeRange = { first: 30_000, last: 32_767 };
const otherRange = { first: 1024, last: 65_535 };
/** Where the search begins, away from the ports of a cluster that has the defaults. */
const STEP = 1000;

/** A port for everything, none of which is taken, by `isTaken` or by each other. */
export async function freePorts(isTaken: (port: number) => boolean | Promise<boolean>): Promise<EmbeddedPorts> {
  const chosen = new Map<string, number>();
  const given = new Set<number>();
  for (const [key, byDefault] of Object.entries<number>(defaultPorts)) {
    const { first, last } = byDefault >= nodeRange.first ? nodeRange : otherRange;
    const size = last - first + 1;
    let port = byDefault + STEP;
    for (let tried = 0; given.has(port) || (await isTaken(port)); tried++) {
      if (tried === size) throw new UserError(`no port from ${first} to ${last} of 127.0.0.1 is free`);
      port = first + ((port + 1 - first) % size);
    }
    given.add(port);
    chosen.set(key, port);
  }
  return Object.fromEntries(chosen) as unknown as EmbeddedPorts;
}

/** Ports that embedded clusters of this engine have, also those that are stopped and do not listen. */
export async function portsOfClusters(docker: Pick<Docker, "listContainers">): Promise<Set<number>> {
  const containers = await docker.listContainers({ all: true, filters: { label: [`${LABEL}=embedded`] } });
  const pairs = containers.flatMap(({ Labels }) => JSON.parse(Labels[`${LABEL}.ports`] ?? "[]") as [number, number][]);
  return new Set(pairs.map(([, host]) => host));
}

/**
 * What `--name` means for an `up`: the remembered cluster, or a new one on free ports. `undefined` without `--name`.
 * Remembers nothing yet.
 */
export async function chooseEmbedded(
  stack: string,
  name: string | undefined,
  folder = projectDir,
): Promise<EmbeddedChoice | undefined> {
  if (name === undefined) return undefined;
  const last = rememberedChoice(stack, folder);
  if (last?.name === name) return last;
  const taken = await portsOfClusters(new Docker()).catch(() => new Set<number>());
  return { name, ports: await freePorts(async (port) => taken.has(port) || !(await isFree(port))) };
}
