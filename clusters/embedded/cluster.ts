/** Life of the embedded cluster: one container, one volume, one network, and a kubeconfig in `.millrace/`. */
import { existsSync, readFileSync } from "node:fs";
import Docker from "dockerode";
import type { NodePorts } from "../../platform/exposure.ts";
import { cacheDir } from "../../platform/images/cache.ts";
import { type DockerInfo, filledFolders, freeBytes, onePerFileSystem } from "../docker-disk.ts";
import { ensureDocker, findDocker } from "../docker-engine.ts";
import {
  contextOf,
  createContainer,
  forgetContainer,
  inspect,
  isHealthy,
  refuseForeign,
  rememberContainer,
  rememberedContainer,
  type Site,
  startAndWait,
  STEP,
} from "./bring-up.ts";
import {
  DEFAULT_NAME,
  defaultPorts,
  embeddedNames,
  type EmbeddedPorts,
  KUBERNETES_LABEL,
  LABEL,
  portMap,
  STOP_SECONDS,
} from "./container-spec.ts";
import { type Inventory, type InventoryQuery, isEmpty, leftovers, takeInventory } from "./inventory.ts";
import { isNodeReady, kubeconfigPath, removeKubeconfig } from "./kubeconfig.ts";
import { forgetVersion, olderVersionProblem, rememberedVersion } from "./data-version.ts";
import { ensureNodeImage, kubernetesVersion, nodeImageName, type Progress } from "./node-image.ts";
import { containerUsage, execInNode, nodeState, type PartState } from "./node.ts";
import { diskOf, type NodeDisk } from "./node-disk.ts";
import { findPieces, type Foreign, foreignMessage, foreignPiece, type Owner, type Piece } from "./owner.ts";
import { clashMessage, portClashes } from "./ports.ts";
import type { Pose } from "./pose.ts";

export { DEFAULT_NAME, type EmbeddedPorts, defaultPorts } from "./container-spec.ts";
export type { Owner } from "./owner.ts";
export { type Inventory, inventoryLines, isEmpty } from "./inventory.ts";
export type { PartState } from "./node.ts";

/** Free space on the engine's disk below which nothing is begun: node image, platform images and their volumes. */
const NEEDED_GIB = 15;

const nothing: Inventory = { containers: [], volumes: [], networks: [], mounts: [], processes: [], ports: [] };

export interface EmbeddedOptions {
  /** The stack that it is for: what another made is left alone. */
  readonly owner: Owner;
  /** Name of the cluster. @default "millrace" */
  readonly name?: string;
  /** Folder of Millrace's run-time files. @default ".millrace" */
  readonly stateDir?: string;
  /** Is told what is being done and how far it is. @default - silent */
  readonly progress?: Progress;
  /** Ports on 127.0.0.1. @default `defaultPorts` for each that is not given; with a pose no node port */
  readonly ports?: Partial<EmbeddedPorts>;
  /** What it passes for, in tests. @default - an embedded cluster */
  readonly pose?: Pose;
  /** Folder that keeps the images of its registry. @default - that of all embedded clusters, in the cache */
  readonly registryDir?: string;
  /**
   * Images, in the order in which pods will ask for them, by the names by which the node pulls them: it begins while the
   * cluster starts. Those that its registry does not have are left out. @default - none
   */
  readonly images?: readonly string[];
  /** Registries with a repository below that may have the node image. @default - none, so that it is built */
  readonly caches?: readonly string[];
  /** Ends what takes long: building the node's image, following a log. @default - it goes on to its end */
  readonly signal?: AbortSignal;
}

/** A cluster that answers. */
export interface EmbeddedCluster {
  /** Path of the kubeconfig; its context has the cluster's name, or that of its pose. */
  readonly kubeconfig: string;
  readonly context: string;
  /** `reused`: it ran already; `started`: it was stopped; `created`: it is new, or made anew on its old data. */
  readonly how: "reused" | "started" | "created";
  /** Seconds from the container's start to DNS answering; 0 when reused. */
  readonly readySeconds: number;
}

export interface EmbeddedStatus {
  readonly state: "absent" | "stopped" | "starting" | "running";
  /** What a starting node waits for. */
  readonly phase?: string;
  readonly image?: string;
  /** Memory of the container with all pods, in bytes. */
  readonly memoryBytes?: number;
  readonly nodeReady: boolean;
  /** Seconds since the container started. */
  readonly uptimeSeconds?: number;
  readonly parts: readonly PartState[];
}

/**
 * Brings the embedded cluster up and waits until its DNS answers. One that runs is reused, one that was stopped goes on with
 * its data; when image or ports have changed the container is made anew and the data stay.
 * @throws Error before anything is changed when a port is taken or the disk is too full; later ones name the part that
 * failed, with the end of its log.
 */
export async function start(options: EmbeddedOptions): Promise<EmbeddedCluster> {
  const { stateDir, progress } = withDefaults(options);
  const docker = await ensureDocker(
    (detail) => {
      progress("Docker engine", detail);
    },
    { stateDir },
  );
  const site = siteOf(options, docker);
  const { names, ports } = site;
  await refuseForeign(site);
  const wanted = nodeImageName();
  const existing = await inspect(docker, names);
  const differs = existing === undefined ? undefined : difference(existing, wanted, site);
  if (existing !== undefined && differs === undefined) {
    if (existing.State.Running && (await isHealthy(site))) {
      rememberContainer(stateDir, existing.Id);
      return { kubeconfig: kubeconfigPath(stateDir), context: contextOf(site), how: "reused", readySeconds: 0 };
    }
    if (!existing.State.Running) {
      await refuseTakenPorts(ports);
      progress(STEP, "starting the stopped node");
    }
    return { ...(await startAndWait(site)), how: "started" };
  }
  await refuseOlderKubernetes(site, existing);
  if (existing?.State.Running !== true) await refuseTakenPorts(ports);
  await refuseFullDisk(docker);
  const image = await ensureNodeImage(docker, progress, options.caches, options.signal);
  if (differs !== undefined) {
    progress(STEP, `${differs}; the node is recreated, and its data stays`);
    if (existing?.State.Running === true) await docker.getContainer(names.container).stop({ t: STOP_SECONDS });
    await removeContainer(site);
    await refuseTakenPorts(ports);
  }
  await createContainer(site, image);
  return { ...(await startAndWait(site)), how: "created" };
}

/** What of a cluster is there, and what of it is not the stack's own. */
export interface Holdings {
  readonly pieces: readonly Piece[];
  readonly foreign: Foreign | undefined;
  /** Says whose it is and the ways out; `undefined` when it is the stack's own. */
  readonly message: string | undefined;
}

/** Asks whose the cluster is; starts no engine. What Millrace did not make counts only for `start`. */
export async function holdings(options: EmbeddedOptions): Promise<Holdings> {
  const { docker, names, owner, stateDir } = siteOf(options, new Docker());
  const pieces = (await findPieces(docker, names)).filter(({ labels }) => labels[LABEL] !== undefined);
  const foreign = foreignPiece(pieces, owner, rememberedContainer(stateDir));
  return { pieces, foreign, message: foreign === undefined ? undefined : foreignMessage(foreign, owner) };
}

export interface DestroyOptions extends EmbeddedOptions {
  /** Keep the volume with all data; the next `start` finds it. @default false */
  readonly keepData?: boolean;
  /** Remove it also when it is another's. @default false */
  readonly takeOver?: boolean;
}

/**
 * Removes container, network, volume and kubeconfig. Pushed images stay in the cache folder, as on any developer's machine.
 * What Millrace did not make stays.
 * @returns what is left although it should not be; nothing, when all went well
 * @throws Error that says whose the cluster is when it is not the stack's own.
 */
export async function destroy(options: DestroyOptions): Promise<Inventory> {
  const { stateDir, progress } = withDefaults(options);
  const keepData = options.keepData ?? false;
  const site = await existingSite(options);
  if (site === undefined) {
    removeKubeconfig(stateDir);
    return nothing;
  }
  const { docker, names, owner } = site;
  const pieces = (await findPieces(docker, names)).filter(({ labels }) => labels[LABEL] !== undefined);
  const foreign = foreignPiece(pieces, owner, rememberedContainer(stateDir));
  if (foreign !== undefined && options.takeOver !== true) throw new Error(foreignMessage(foreign, owner));
  const has = (kind: Piece["kind"]): boolean => pieces.some((piece) => piece.kind === kind);
  const existing = has("container") ? await inspect(docker, names) : undefined;
  if (existing !== undefined) {
    rememberContainer(stateDir, existing.Id);
    progress(STEP, keepData ? "stopping pods and node" : "removing the node");
    // Data that nobody will read need no orderly end.
    if (keepData && existing.State.Running) await docker.getContainer(names.container).stop({ t: STOP_SECONDS });
    await removeContainer(site);
  }
  if (!keepData && has("volume")) {
    progress(STEP, "removing the volume");
    await ignoreMissing(docker.getVolume(names.volume).remove());
    forgetVersion(stateDir);
  }
  if (has("network")) await ignoreMissing(docker.getNetwork(names.network).remove());
  removeKubeconfig(stateDir);
  const query = inventoryQuery(site, hostPorts(existing));
  const left = await settled(async () => leftovers(await takeInventory(docker, query), { keepData }));
  if (isEmpty(left)) forgetContainer(stateDir);
  return left;
}

/** What of the cluster is on this machine now. */
export async function inventory(options: EmbeddedOptions): Promise<Inventory> {
  const site = await existingSite(options);
  if (site === undefined) return nothing;
  const { docker, names } = site;
  return await takeInventory(docker, inventoryQuery(site, hostPorts(await inspect(docker, names))));
}

function inventoryQuery({ names, owner, stateDir }: Site, ports: readonly number[] | undefined): InventoryQuery {
  return { names, ports, ownerId: owner.id, containerId: rememberedContainer(stateDir) };
}

/** Bytes of the cluster's volume; `undefined` where the engine does not say it within ten seconds. */
export async function volumeBytes(options: EmbeddedOptions): Promise<number | undefined> {
  const { docker, names } = siteOf(options, new Docker());
  const asked = docker.df().then(({ Volumes }: { Volumes?: { Name: string; UsageData?: { Size: number } }[] }) => {
    const size = Volumes?.find(({ Name }) => Name === names.volume)?.UsageData?.Size ?? -1;
    return size < 0 ? undefined : size;
  });
  return await inTime(asked);
}

/** The disk that volumes of claims come to lie on; `undefined` where nobody says it in time. */
export async function volumesDisk(options: EmbeddedOptions): Promise<NodeDisk | undefined> {
  const { docker, names } = siteOf(options, new Docker());
  return await inTime(diskOf(docker, names));
}

/** What an engine says within ten seconds; `undefined` when it does not, or can't. */
async function inTime<T>(asked: Promise<T>): Promise<T | undefined> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, 10_000, undefined).unref());
  return await Promise.race([asked.catch(() => undefined), late]);
}

/** Processor time of the node container with all pods. */
export interface ContainerCpu {
  /** When the container was started: it counts from then. */
  readonly startedAt: string;
  readonly seconds: number;
}

/** Processor time of the embedded cluster since its start; `undefined` while it does not run, or where nobody says it in time. */
export async function processorTime(options: EmbeddedOptions): Promise<ContainerCpu | undefined> {
  const { docker, names } = siteOf(options, new Docker());
  const ask = async (): Promise<ContainerCpu | undefined> => {
    const { State } = await docker.getContainer(names.container).inspect();
    if (!State.Running) return undefined;
    const { cpuNs } = await containerUsage(docker, names.container);
    return { startedAt: State.StartedAt, seconds: cpuNs / 1e9 };
  };
  return await inTime(ask());
}

export interface LogOptions extends EmbeddedOptions {
  /** Lines from the end. @default 100 */
  readonly tail?: number;
  /** Goes on with new lines until `signal` is aborted. @default false */
  readonly follow?: boolean;
  /** Receives the text. @default - standard output */
  readonly write?: (text: string) => void;
}

/** Names of the parts that have a log, sorted; none while the node does not run. */
export async function parts(options: EmbeddedOptions): Promise<string[]> {
  const site = await existingSite(options);
  if (site === undefined || (await inspect(site.docker, site.names))?.State.Running !== true) return [];
  const list = ["sh", "-c", "cd /var/log/millrace && ls *.log"];
  const { stdout } = await execInNode(site.docker, site.names.container, list);
  return stdout
    .split("\n")
    .filter((name) => name !== "")
    .map((name) => name.replace(/\.log$/, ""));
}

/**
 * Writes the log of one part, for example `apiserver`, `kubelet` or `etcd`.
 * @throws Error that lists the parts when there is none of that name, or when the node does not run.
 */
export async function logs(part: string, options: LogOptions): Promise<void> {
  const site = await existingSite(options);
  if (site === undefined || (await inspect(site.docker, site.names))?.State.Running !== true) {
    throw new Error("the embedded cluster does not run, so there are no logs to read; npm run up starts it");
  }
  await refuseForeign(site);
  const known = await parts(options);
  if (!known.includes(part))
    throw new Error(`the embedded cluster has no part "${part}"; its parts: ${known.join(", ")}`);
  const follow = options.follow === true ? ["-F"] : [];
  const command = ["tail", "-n", String(options.tail ?? 100), ...follow, `/var/log/millrace/${part}.log`];
  const write = options.write ?? ((text) => process.stdout.write(text));
  await execInNode(site.docker, site.names.container, command, write, options.signal);
}

/** State of the cluster. Starts nothing: without an engine that answers there is no cluster. */
export async function status(options: EmbeddedOptions): Promise<EmbeddedStatus> {
  const { docker, names, stateDir } = siteOf(options, new Docker());
  const existing = await inspect(docker, names).catch(() => undefined);
  if (existing === undefined) return { state: "absent", nodeReady: false, parts: [] };
  const image = existing.Config.Image;
  if (!existing.State.Running) return { state: "stopped", image, nodeReady: false, parts: [] };
  const path = kubeconfigPath(stateDir);
  const [state, { memoryBytes }, nodeReady] = await Promise.all([
    nodeState(docker, names.container),
    containerUsage(docker, names.container),
    existsSync(path) ? isNodeReady(readFileSync(path, "utf8")) : false,
  ]);
  return {
    state: state?.phase === "ready" ? "running" : "starting",
    phase: state?.phase ?? "host preparation",
    image,
    memoryBytes,
    nodeReady,
    uptimeSeconds: Math.round((Date.now() - Date.parse(existing.State.StartedAt)) / 1000),
    parts: state?.parts ?? [],
  };
}

/** What a cluster that passes for another publishes by itself: no node port. */
const ownPorts: EmbeddedPorts = { apiServer: defaultPorts.apiServer, registry: defaultPorts.registry };

function withDefaults(options: EmbeddedOptions): { stateDir: string; progress: Progress; ports: EmbeddedPorts } {
  return {
    stateDir: options.stateDir ?? ".millrace",
    progress: options.progress ?? (() => undefined),
    ports: { ...(options.pose === undefined ? defaultPorts : ownPorts), ...(options.ports as NodePorts | undefined) },
  };
}

function siteOf(options: EmbeddedOptions, docker: Docker): Site {
  const { name = DEFAULT_NAME, owner, images = [], pose, registryDir = cacheDir("registry") } = options;
  return { docker, name, names: embeddedNames(name), owner, images, pose, registryDir, ...withDefaults(options) };
}

/** The cluster in the engine where there is one; nothing is installed for it. */
async function existingSite(options: EmbeddedOptions): Promise<Site | undefined> {
  const { stateDir, progress } = withDefaults(options);
  const tell = (detail: string): void => {
    progress("Docker engine", detail);
  };
  const docker = await findDocker(tell, { stateDir });
  return docker === undefined ? undefined : siteOf(options, docker);
}

/** Why an existing container cannot be used as it is. */
function difference(
  existing: Docker.ContainerInspectInfo,
  image: string,
  { ports, pose }: Pick<Site, "ports" | "pose">,
): string | undefined {
  if (existing.Config.Image !== image) return `the node image has changed (${existing.Config.Image} → ${image})`;
  const wanted = [...portMap(ports, pose?.registry.port)].map(String);
  const there = publishedPairs(existing)?.map(String);
  // Their order is that of the list of rooms, and means nothing.
  return there?.sort().join() === wanted.sort().join() ? undefined : "the published ports have changed";
}

/** Ports of an existing container: inside it, and on the host. */
function publishedPairs(existing: Docker.ContainerInspectInfo | undefined): [number, number][] | undefined {
  const label = existing?.Config.Labels[`${LABEL}.ports`];
  return label === undefined ? undefined : (JSON.parse(label) as [number, number][]);
}

/** Ports of the host that an existing container has. */
function hostPorts(existing: Docker.ContainerInspectInfo | undefined): number[] | undefined {
  return publishedPairs(existing)?.map(([, host]) => host);
}

async function refuseTakenPorts(ports: EmbeddedPorts): Promise<void> {
  const clashes = await portClashes(ports);
  if (clashes.length > 0) throw new Error(clashMessage(clashes));
}

async function refuseOlderKubernetes(
  { docker, names, stateDir }: Site,
  existing: Docker.ContainerInspectInfo | undefined,
): Promise<void> {
  if (!(await findPieces(docker, names)).some(({ kind }) => kind === "volume")) return;
  const written = [existing?.Config.Labels[KUBERNETES_LABEL], rememberedVersion(stateDir)];
  const problem = olderVersionProblem(kubernetesVersion(), written, names.volume);
  if (problem !== undefined) throw new Error(problem);
}

async function refuseFullDisk(docker: Docker): Promise<void> {
  const folders = filledFolders((await docker.info()) as DockerInfo);
  const problems = onePerFileSystem(folders).flatMap((folder) => diskProblem(folder, freeBytes(folder)) ?? []);
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** What is wrong when the engine's disk has too little room; `undefined` when it has enough. */
export function diskProblem(folder: string, freeBytes: number): string | undefined {
  const free = freeBytes / 2 ** 30;
  if (free >= NEEDED_GIB) return undefined;
  return (
    `the disk of ${folder}, where Docker keeps images and volumes, has ${free.toFixed(1)} GiB free and the embedded cluster needs ` +
    `${NEEDED_GIB} GiB; make room (docker system prune -a removes unused images), or move Docker's data-root to a larger disk`
  );
}

async function removeContainer({ docker, names }: Site): Promise<void> {
  await ignoreMissing(docker.getContainer(names.container).remove({ force: true, v: true }));
}

async function ignoreMissing(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  }
}

/** Ports and processes take a moment to go; asks again until nothing is left or five seconds have passed. */
async function settled(take: () => Promise<Inventory>): Promise<Inventory> {
  let found = await take();
  for (let tries = 0; tries < 10 && !isEmpty(found); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    found = await take();
  }
  return found;
}
