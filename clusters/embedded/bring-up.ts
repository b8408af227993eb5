/** Creates and starts the node container, and knows when it is ready or why it is not. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { registryVolume } from "../../platform/images/cache.ts";
import { CACHE_LABEL } from "../../platform/images/container.ts";
import {
  containerOptions,
  CPUS_VARIABLE,
  type EmbeddedNames,
  type EmbeddedPorts,
  grantableCapabilities,
  KERNEL_MODULES,
  LABEL,
  unknownCapability,
} from "./container-spec.ts";
import { rememberVersion } from "./data-version.ts";
import { viewOf } from "./engine-view.ts";
import { apiTrouble, isNodeReady, kubeconfigPath, publishedKubeconfig, writeKubeconfig } from "./kubeconfig.ts";
import { kubernetesVersion, type Progress } from "./node-image.ts";
import { execInNode, type NodeState, nodeState } from "./node.ts";
import { findPieces, foreignMessage, foreignPiece, type Owner, ownerLabels } from "./owner.ts";
import type { Pose } from "./pose.ts";

/** Seconds from the container's start until DNS must answer. */
const READY_SECONDS = 180;
const LOG_LINES = 15;

/** The supervisor's first phase in which containerd and the registry answer. */
const API_PHASE = "API server";

/** The step under which progress is told. */
export const STEP = "embedded cluster";

/** One cluster, as everything that works on it needs it. */
export interface Site {
  readonly docker: Docker;
  /** Its name: that of the container and of the kubeconfig's context. */
  readonly name: string;
  readonly names: EmbeddedNames;
  readonly owner: Owner;
  /** Folder of its run-time files. */
  readonly stateDir: string;
  readonly ports: EmbeddedPorts;
  /** Folder of this machine that keeps the images of its registry. */
  readonly registryDir: string;
  /** What it passes for; `undefined`: itself. */
  readonly pose: Pose | undefined;
  /** Images that the node pulls while it starts. */
  readonly images: readonly string[];
  readonly progress: Progress;
}

/**
 * @throws Error that says whose the cluster is, and the ways out, when it is not the stack's own.
 */
export async function refuseForeign({ docker, names, owner, stateDir }: Site): Promise<void> {
  const foreign = foreignPiece(await findPieces(docker, names), owner, rememberedContainer(stateDir));
  if (foreign !== undefined) throw new Error(foreignMessage(foreign, owner));
}

/** The node container as the engine knows it; `undefined`: there is none. */
export async function inspect(docker: Docker, names: EmbeddedNames): Promise<Docker.ContainerInspectInfo | undefined> {
  try {
    return await docker.getContainer(names.container).inspect();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/**
 * Makes network, volume and container, with the capabilities that this engine can grant.
 * @throws Error that says whose they are, when another was faster.
 */
export async function createContainer(site: Site, image: string): Promise<void> {
  const { docker, names, ports, pose, progress } = site;
  progress(STEP, "creating network, volume and container");
  const owner = ownerLabels(site.owner);
  const labels = { [LABEL]: "embedded", ...owner };
  const networks = await docker.listNetworks({ filters: { name: [`^${names.network}$`] } });
  if (networks.length === 0) await docker.createNetwork({ Name: names.network, Driver: "bridge", Labels: labels });
  // The engine answers with a volume of that name that is there already.
  await docker.createVolume({ Name: names.volume, Labels: labels });
  await refuseForeign(site);
  const { capBnd, sharesFolders } = await viewOf(docker, image, owner);
  let capabilities = grantableCapabilities(capBnd);
  const registry = await registryStore(site, sharesFolders);
  let modules = true;
  for (;;) {
    try {
      await docker.createContainer(
        containerOptions({
          names,
          owner,
          image,
          kubernetes: kubernetesVersion(),
          capabilities,
          ports,
          registry,
          modules,
          cpus: process.env[CPUS_VARIABLE],
          pose,
        }),
      );
      rememberVersion(site.stateDir, kubernetesVersion());
      return;
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 409) await refuseForeign(site);
      const message = error instanceof Error ? error.message : "";
      // The engine's machine may have no modules to offer: all are in its kernel.
      if (modules && message.includes(KERNEL_MODULES)) {
        modules = false;
        continue;
      }
      // An engine older than the kernel refuses capabilities that it does not know, one at a time.
      const unknown = unknownCapability(message);
      if (unknown === undefined || !capabilities.includes(unknown)) throw error;
      capabilities = capabilities.filter((name) => name !== unknown);
    }
  }
}

/** Where the node's registry keeps its images: the folder, or a volume where the engine has not the folders of this machine. */
async function registryStore({ docker, registryDir }: Site, sharesFolders: boolean): Promise<string> {
  if (sharesFolders) {
    mkdirSync(registryDir, { recursive: true });
    return registryDir;
  }
  const volume = registryVolume();
  await docker.createVolume({ Name: volume, Labels: { [CACHE_LABEL]: "registry" } });
  return volume;
}

/**
 * Starts the container and waits until the cluster's DNS and its published API answer.
 * @throws Error that names the part that failed, with the end of its log.
 */
export async function startAndWait(site: Site): Promise<{ kubeconfig: string; context: string; readySeconds: number }> {
  const { docker, names, stateDir, progress } = site;
  const container = docker.getContainer(names.container);
  const begun = Date.now();
  const seconds = (): number => Math.round((Date.now() - begun) / 100) / 10;
  if ((await inspect(docker, names))?.State.Running !== true) await container.start();
  rememberContainer(stateDir, (await container.inspect()).Id);
  let state: NodeState | undefined;
  for (let shown = ""; seconds() < READY_SECONDS; await new Promise((resolve) => setTimeout(resolve, 250))) {
    const { State, RestartCount } = await container.inspect();
    if (!State.Running || State.Restarting || RestartCount > 0) await failWithContainerLog(site);
    state = await nodeState(docker, names.container).catch(() => undefined);
    if (state !== undefined && state.phase !== shown) {
      shown = state.phase;
      progress(STEP, shown === "ready" ? `ready after ${seconds()} s` : `waiting for ${shown}`);
      if (shown === API_PHASE) await pullImages(site).catch(() => undefined);
    }
    if (state?.phase === "ready" && (await isHealthy(site))) {
      return { kubeconfig: kubeconfigPath(stateDir), context: contextOf(site), readySeconds: seconds() };
    }
  }
  const trouble = existsSync(kubeconfigPath(stateDir))
    ? await apiTrouble(readFileSync(kubeconfigPath(stateDir), "utf8"))
    : undefined;
  throw new Error(
    `the embedded cluster was not ready within ${READY_SECONDS} s; it is waiting for ${state?.phase ?? "its first part"}. ` +
      (trouble ?? (await culprit(site, state))),
  );
}

/** Pulls one image after the other, so that the first is there first; what is not there yet when a pod comes, the kubelet pulls. */
export const PULL_SCRIPT = 'for image in "$@"; do ctr -n k8s.io images pull --plain-http "$image"; done';

/** Lets the node pull images beside its start. Nobody waits for it, and what fails is the pods' to tell. */
async function pullImages({ docker, names, images }: Site): Promise<void> {
  if (images.length === 0) return;
  const Cmd = ["sh", "-c", PULL_SCRIPT, "pull", ...images];
  const exec = await docker.getContainer(names.container).exec({ Cmd });
  await exec.start({ Detach: true });
}

async function failWithContainerLog({ docker, names }: Site): Promise<never> {
  const container = docker.getContainer(names.container);
  const said = (await container.logs({ stdout: true, stderr: true, tail: LOG_LINES })).toString();
  // The node must not be started again and again behind the user's back.
  await container.stop({ t: 1 }).catch(() => undefined);
  throw new Error(`the node stopped right after its start; its last lines:\n${said}`);
}

/** Which part to look at, with the end of its log. */
async function culprit({ docker, names }: Site, state: NodeState | undefined): Promise<string> {
  const failing = state?.parts.filter((part) => part.restarts > 0 || part.pid === 0) ?? [];
  const name = failing[0]?.name;
  if (name === undefined) {
    const said = await docker.getContainer(names.container).logs({ stdout: true, stderr: true, tail: LOG_LINES });
    return `The end of the node's log:\n${said.toString()}`;
  }
  const { stdout } = await execInNode(docker, names.container, [
    "tail",
    "-n",
    String(LOG_LINES),
    `/var/log/millrace/${name}.log`,
  ]);
  return `Its part ${name} was restarted ${failing[0]?.restarts ?? 0} times; the end of its log:\n${stdout}`;
}

/** Name of its context in the kubeconfig. */
export function contextOf({ name, pose }: Pick<Site, "name" | "pose">): string {
  return pose?.context ?? name;
}

/** Whether the node says that it is ready and its API answers through the published port; refreshes the kubeconfig. */
export async function isHealthy(site: Site): Promise<boolean> {
  const { docker, names, stateDir, ports } = site;
  const state = await nodeState(docker, names.container).catch(() => undefined);
  if (state?.phase !== "ready") return false;
  const { code, stdout } = await execInNode(docker, names.container, ["cat", "/run/millrace/kubeconfig/admin"]);
  if (code !== 0) return false;
  const kubeconfig = publishedKubeconfig(stdout, ports.apiServer, contextOf(site));
  writeKubeconfig(stateDir, kubeconfig);
  return await isNodeReady(kubeconfig);
}

/** Forgets the id, once nothing of the container is left. */
export function forgetContainer(stateDir: string): void {
  rmSync(containerIdPath(stateDir), { force: true });
}

function containerIdPath(stateDir: string): string {
  return join(stateDir, "container-id");
}

/** Keeps the container's id: mounts and processes that outlive it would bear it. */
export function rememberContainer(stateDir: string, id: string): void {
  mkdirSync(stateDir, { recursive: true });
  writeFileSync(containerIdPath(stateDir), id);
}

/** The id kept last; `undefined` when there is none. */
export function rememberedContainer(stateDir: string): string | undefined {
  const path = containerIdPath(stateDir);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}
