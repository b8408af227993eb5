/** The cluster behind a stack: the embedded one is made, looked at and removed here; others are only asked. */
import { join } from "node:path";

import Docker from "dockerode";

import { findDocker } from "../clusters/docker-engine.ts";
import {
  type ContainerCpu,
  destroy,
  type EmbeddedOptions,
  type Holdings,
  holdings,
  inventory,
  logs,
  processorTime,
  start,
  status,
  volumeBytes,
  volumesDisk,
} from "../clusters/embedded/cluster.ts";
import type { EmbeddedPorts } from "../clusters/embedded/container-spec.ts";
import type { Inventory } from "../clusters/embedded/inventory.ts";
import type { NodeDisk } from "../clusters/embedded/node-disk.ts";
import type { PartState } from "../clusters/embedded/node.ts";
import { embeddedFolder } from "../clusters/targets.ts";
import { cachesOf, wantedImages } from "../config/images.ts";
import type { PlatformConfig } from "../config/index.ts";
import { imageReference } from "../images/index.ts";
import { imagesToBuild } from "../images/wanted.ts";
import { cacheDir } from "../platform/images/cache.ts";
import { messageOf, UserError } from "./errors.ts";
import { connect, reachable } from "./kube.ts";
import { ensureOwner, ownerOf } from "./owner.ts";
import { projectDir } from "./paths.ts";
import { during, type Progress, type Step } from "./progress.ts";
import type { Stack } from "./stack.ts";
import { namespacesOf } from "../config/namespaces.ts";

export interface ClusterState {
  readonly running: boolean;
  /** Bytes that the cluster's container uses with everything in it; `null` where the cluster is not embedded. */
  readonly memory: number | null;
  /** In words. */
  readonly detail: string;
}

/** Something that is there. */
export interface Leftover {
  readonly kind: string;
  readonly name: string;
  readonly note: string;
}

/** The embedded cluster's ports on 127.0.0.1. */
export function embeddedPorts(cluster: PlatformConfig["cluster"]): EmbeddedPorts {
  return { apiServer: cluster.embedded.apiPort, registry: cluster.embedded.registryPort, ...cluster.nodePorts };
}

function embeddedOptions(stack: Stack): EmbeddedOptions {
  const { name } = stack.config.cluster.embedded;
  const stateDir = join(projectDir, embeddedFolder(name));
  return { owner: ownerOf(stack.name), name, stateDir, ports: embeddedPorts(stack.config.cluster) };
}

/** What of the stack's embedded cluster is there, and whose it is; nothing where there is no Docker engine. */
export async function embeddedHoldings(stack: Stack, detail: (text: string) => void): Promise<Holdings> {
  if ((await findDocker(detail)) === undefined) return { pieces: [], foreign: undefined, message: undefined };
  return await holdings(embeddedOptions(stack));
}

/** Bytes of the embedded cluster's volume, where the engine says it. */
export async function embeddedVolumeBytes(stack: Stack): Promise<number | undefined> {
  return await volumeBytes(embeddedOptions(stack));
}

/** The disk of the stack's embedded cluster, there or to come, where it is known. */
export async function embeddedDisk(stack: Stack): Promise<NodeDisk | undefined> {
  return await volumesDisk(embeddedOptions(stack));
}

/** Processor time of the stack's embedded cluster since its start; `undefined` while it does not run, or where it is none. */
export async function clusterProcessorTime(stack: Stack): Promise<ContainerCpu | undefined> {
  return stack.profile.target === "embedded" ? await processorTime(embeddedOptions(stack)) : undefined;
}

/** Starts the embedded cluster; other targets are there already. */
export async function startCluster(stack: Stack, progress: Progress, signal: AbortSignal): Promise<void> {
  if (stack.profile.target !== "embedded") return;
  await during(progress, "embedded cluster", async (step) => {
    ensureOwner(stack.name);
    const caches = cachesOf(stack.config);
    const options = {
      ...embeddedOptions(stack),
      caches,
      images: imagesInNode(stack),
      progress: detailTo(step),
      signal,
    };
    const { how, readySeconds } = await start(options);
    step.detail(how === "reused" ? "runs already" : `${how}, ready after ${readySeconds} s`);
  });
}

/** The platform's own images, by the names by which the node pulls them from its own registry. */
export function imagesInNode({ config, profile }: Pick<Stack, "config" | "profile">): string[] {
  const { registry } = profile;
  if (registry === undefined) return [];
  return imagesToBuild(wantedImages(config)).map((name) => `${registry.pull}/${imageReference(name)}`);
}

/** Folder of the embedded cluster's registry; `undefined` where the registry is none of this machine's. */
export function registryFolder(
  { target }: Pick<Stack["profile"], "target">,
  engine = process.env["DOCKER_HOST"] ?? "",
): string | undefined {
  const isHere = engine === "" || engine.startsWith("unix:");
  return target === "embedded" && isHere ? cacheDir("registry") : undefined;
}

const detailTo =
  (step: Step) =>
  (_part: string, detail: string): void => {
    step.detail(detail);
  };

/** Whether a Docker engine answers; starts none. */
export async function dockerAnswers(): Promise<boolean> {
  return await new Docker().ping().then(
    () => true,
    () => false,
  );
}

/**
 * Whether the embedded cluster's container runs, ready or not: then the ports are its own.
 * @throws UserError that says whose the cluster is when it is another's.
 */
export async function embeddedRuns(stack: Stack): Promise<boolean> {
  if (!(await dockerAnswers())) return false;
  const message = await foreignCluster(stack);
  if (message !== undefined) throw new UserError(message);
  const { state } = await status(embeddedOptions(stack));
  return state === "running" || state === "starting";
}

/** Says whose the embedded cluster is when it is another's; `undefined`: it is not, or no engine answers. Starts nothing. */
export async function foreignCluster(stack: Stack): Promise<string | undefined> {
  if (stack.profile.target !== "embedded" || !(await dockerAnswers())) return undefined;
  return (await holdings(embeddedOptions(stack))).message;
}

/** Whether the cluster answers; asks only, starts nothing. */
export async function clusterState(stack: Stack): Promise<ClusterState> {
  if (stack.profile.target !== "embedded") return await askApiServer(stack);
  if (!(await dockerAnswers())) return { running: false, memory: null, detail: "no Docker engine answers" };
  const message = await foreignCluster(stack);
  if (message !== undefined) return { running: false, memory: null, detail: message };
  const found = await status(embeddedOptions(stack));
  return {
    running: found.state === "running",
    memory: found.memoryBytes ?? null,
    detail: found.state === "starting" ? `starting, waiting for ${found.phase ?? "its first part"}` : found.state,
  };
}

/** Time after which a part of the node that was started again is no longer one that can't run. */
const SETTLED_MS = 60_000;

/** Whether a node does what NetworkPolicies say: its part for them runs, and does not end again and again. */
export function nodeEnforces(parts: readonly PartState[], now = Date.now()): boolean {
  const part = parts.find(({ name }) => name === "policies");
  if (part === undefined || part.pid === 0) return false;
  return part.restarts === 0 || now - Date.parse(part.startedAt) > SETTLED_MS;
}

/** Whether the cluster's network does what NetworkPolicies say. */
export async function enforcesPolicies(stack: Stack): Promise<boolean | "unknown"> {
  if (stack.profile.target !== "embedded") return stack.profile.enforcesNetworkPolicy;
  return nodeEnforces((await status(embeddedOptions(stack))).parts);
}

async function askApiServer(stack: Stack): Promise<ClusterState> {
  try {
    const answer = await reachable(connect(stack.profile));
    return { running: answer.ok, memory: null, detail: answer.ok ? `context ${stack.profile.context}` : answer.why };
  } catch (error) {
    return { running: false, memory: null, detail: messageOf(error) };
  }
}

/** Writes the log of a part of the embedded cluster to stdout. */
export async function clusterLogs(stack: Stack, part: string): Promise<void> {
  if (stack.profile.target !== "embedded") {
    throw new UserError(`--logs ${part}: no such service, and only the embedded cluster's own parts have logs here`);
  }
  await logs(part, { ...embeddedOptions(stack), tail: 1000 });
}

export interface ClusterRemoval {
  /** Leaves the volume. */
  readonly keepData: boolean;
  /** Also when it is another's. */
  readonly takeOver: boolean;
}

/** Removes the embedded cluster; answers what is left although it should not be. */
export async function destroyCluster(stack: Stack, removal: ClusterRemoval, step: Step): Promise<Leftover[]> {
  return leftoversOf(await destroy({ ...embeddedOptions(stack), ...removal, progress: detailTo(step) }));
}

/** What of the embedded cluster is on this machine. */
export async function clusterInventory(stack: Stack): Promise<Leftover[]> {
  return leftoversOf(await inventory(embeddedOptions(stack)));
}

/** What of a destroyed stack is still on a cluster that stays: its namespaces, and volumes of claims in them. */
export async function remainsOn(stack: Stack): Promise<Leftover[]> {
  // A namespace that was there before has volumes of others.
  if (stack.config.cluster.existingNamespace) return [];
  const kube = connect(stack.profile);
  const own = namespacesOf(stack.config.cluster);
  interface Named {
    readonly metadata: { readonly name: string };
    readonly spec?: { readonly claimRef?: { readonly namespace?: string; readonly name?: string } };
  }
  const [namespaces, volumes] = await Promise.all(
    ["namespaces", "persistentvolumes"].map((kind) => kube.get<{ items: readonly Named[] }>(`/api/v1/${kind}`)),
  );
  return [
    ...(namespaces?.items ?? [])
      .filter(({ metadata }) => own.includes(metadata.name))
      .map(({ metadata }) => ({ kind: "namespace", name: metadata.name, note: "kubectl delete namespace removes it" })),
    ...(volumes?.items ?? [])
      .filter(({ spec }) => own.includes(spec?.claimRef?.namespace ?? ""))
      .map(({ metadata, spec }) => ({
        kind: "persistent volume",
        name: metadata.name,
        note: `of claim ${spec?.claimRef?.name ?? "?"}; kubectl delete pv removes it`,
      })),
  ];
}

export function leftoversOf(found: Inventory): Leftover[] {
  const entry = (kind: string, names: readonly (string | number)[], note: string): Leftover[] =>
    names.map((name) => ({ kind, name: String(name), note }));
  return [
    ...entry("container", found.containers, "docker rm -f removes it"),
    ...entry("volume", found.volumes, "docker volume rm removes it"),
    ...entry("network", found.networks, "docker network rm removes it"),
    ...entry("mount", found.mounts, "umount removes it"),
    ...entry("process", found.processes, "end it"),
    ...entry("port", found.ports, "on 127.0.0.1, another program listens there"),
  ];
}
