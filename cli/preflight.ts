/** What must be true of this machine and of the target before anything is created. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";

import Docker from "dockerode";

import { type DockerInfo, filledFolders, freeBytes, onePerFileSystem } from "../clusters/docker-disk.ts";
import { type EngineInfo, ensureDocker, nodeRefusal } from "../clusters/docker-engine.ts";
import { reachRefusal } from "../clusters/docker-reach.ts";
import { hiddenNetworks } from "../clusters/embedded/networks.ts";
import { clashMessage, portClashes } from "../clusters/embedded/ports.ts";
import { remedies } from "../clusters/targets.ts";
import { wantedImages } from "../config/images.ts";
import type { PlatformConfig } from "../config/index.ts";
import { enabledRooms } from "../config/rooms.ts";
import { shortageOf } from "./claim-room.ts";
import { embeddedPorts, embeddedRuns, imagesInNode } from "./cluster.ts";
import { anotherCluster } from "./cluster-identity.ts";
import { clusterRefusals } from "./cluster-probes.ts";
import { upstreamProblems } from "../images/upstream.ts";
import { imagesToBuild } from "../images/wanted.ts";
import { architectureMismatch } from "./engine-architecture.ts";
import { cacheDir } from "../platform/images/cache.ts";
import { UserError } from "./errors.ts";
import { connect, reachable } from "./kube.ts";
import {
  handMadeWarnings,
  heldNamespace,
  namespaceFinding,
  peopleNamespaceProblems,
  podRefusal,
  pullSecretWarning,
} from "./namespace.ts";
import { hasState, ownerOf } from "./owner.ts";
import { during, type Progress } from "./progress.ts";
import { pullRefusals } from "./pull-probe.ts";
import { registryRefusals } from "./push-probe.ts";
import { machineProblems, nodeProblems } from "./room.ts";
import type { Stack } from "./stack.ts";
import { bytes } from "./table.ts";

const GIB = 2 ** 30;

/** For the data path alone: caches of packages, images and first data, with downloads to come, and after them. */
const DISK = { coldGi: 20, warmGi: 8 };

/** Bytes for the caches of packages, the images and the platform's first data: with downloads to come, and after them. */
export function diskNeeded(config: PlatformConfig): { readonly cold: number; readonly warm: number } {
  const uses = enabledRooms(config).flatMap(({ room: { disk } }) =>
    disk === undefined ? [] : [[disk.shared, disk] as const],
  );
  const all = [DISK, ...new Map(uses).values()];
  return {
    cold: all.reduce((sum, { coldGi }) => sum + coldGi, 0) * GIB,
    warm: all.reduce((sum, { warmGi }) => sum + warmGi, 0) * GIB,
  };
}

/**
 * Checks everything that needs no cluster; for other targets than embedded also that the cluster answers and is the stack's own.
 * @param isAnew Whether the stack's own cluster is to be forgotten.
 */
export async function preflight(stack: Stack, progress: Progress, isAnew = false): Promise<void> {
  await during(progress, "preflight", async (step) => {
    const problems = upstreamProblems(imagesToBuild(wantedImages(stack.config)));
    const embedded = stack.profile.target === "embedded";
    const running = embedded ? await embeddedRuns(stack) : false;
    if (stack.profile.registry !== undefined || embedded) await ensureDocker(step.detail);
    const mismatch = embedded ? await architectureMismatch(stack.profile.platform) : undefined;
    if (mismatch !== undefined) problems.push(mismatch);
    step.detail("disk");
    const { cold, warm } = diskNeeded(stack.config);
    problems.push(...diskProblems(existsSync(cacheDir()) ? warm : cold, await dockerFolders()));
    if (embedded) hiddenNetworks().forEach(progress.log);
    if (embedded && !running) {
      problems.push(...(await nodeRefusals()));
      step.detail("ports");
      const clashes = await portClashes(embeddedPorts(stack.config.cluster));
      if (clashes.length > 0) problems.push(clashMessage(clashes));
      problems.push(...machineProblems(stack));
    }
    if (running) {
      const held = await heldNamespace(connect(stack.profile), stack.config.cluster.namespace);
      if (held !== undefined) problems.push(held);
    }
    problems.push(...(await claimProblems(stack, running)));
    if (!embedded) {
      step.detail("cluster");
      const answer = await reachable(connect(stack.profile));
      if (!answer.ok) {
        const { start } = remedies(stack.profile);
        problems.push(`the cluster of context "${stack.profile.context}" can't be used: ${answer.why}; ${start}`);
      } else {
        const { cluster } = stack.config;
        const another = isAnew ? undefined : await anotherCluster(connect(stack.profile), stack);
        if (another !== undefined) throw new UserError([...problems, another].join("\n"));
        const { problem, warning } = await namespaceFinding(
          connect(stack.profile),
          cluster,
          hasState(stack.name),
          ownerOf(stack.name).id,
        );
        if (problem !== undefined) problems.push(problem);
        else if (cluster.existingNamespace) {
          const refused = await podRefusal(connect(stack.profile), cluster.namespace, imagesInNode(stack)[0]);
          if (refused !== undefined) problems.push(refused);
        }
        problems.push(
          ...(await peopleNamespaceProblems(connect(stack.profile), cluster, ownerOf(stack.name).id)),
          ...(await clusterRefusals(connect(stack.profile), stack)),
        );
        step.detail("registry");
        problems.push(...(await registryRefusals(stack)));
        // What is not to be touched gets no pod.
        if (problems.length === 0) problems.push(...(await pullRefusals(connect(stack.profile), stack)));
        if (warning !== undefined) progress.log(warning);
        const { pullSecret } = stack.config.images;
        const missing = pullSecret && (await pullSecretWarning(connect(stack.profile), cluster.namespace, pullSecret));
        if (missing !== undefined) progress.log(missing);
        (await handMadeWarnings(connect(stack.profile), stack.config)).forEach(progress.log);
      }
    }
    if (problems.length > 0) throw new UserError(problems.join("\n"));
  });
}

/** What speaks against a node of the embedded cluster in the Docker engine. */
export async function nodeRefusals(docker = new Docker()): Promise<string[]> {
  const found = [nodeRefusal((await docker.info()) as EngineInfo), await reachRefusal(docker)];
  return found.filter((refusal) => refusal !== undefined);
}

/** Needs of the config against what there is, once the cluster answers. */
export async function checkFit(stack: Stack, progress: Progress): Promise<void> {
  await during(progress, "fit", async () => {
    const problems = [...(await nodeProblems(connect(stack.profile), stack)), ...(await claimProblems(stack, true))];
    if (problems.length > 0) throw new UserError(problems.join("\n"));
  });
}

async function claimProblems(stack: Stack, isRunning: boolean): Promise<string[]> {
  const shortage = await shortageOf(stack, isRunning);
  return shortage === undefined ? [] : [`disk: ${shortage.detail}; ${shortage.next}`];
}

/** Folders that the Docker engine fills, as far as this machine sees them; none without an engine. */
export async function dockerFolders(): Promise<string[]> {
  const info = (await new Docker().info().catch(() => ({}))) as DockerInfo;
  return filledFolders(info);
}

/** Part of the need that the caches have on a disk of their own. */
const CACHE_SHARE = 0.5;

/**
 * Too little room on a disk that is filled: where Docker keeps images and volumes, and where the caches are.
 * @param needed Bytes for everything together.
 */
export function diskProblems(needed: number, folders: readonly string[], free = freeBytes): string[] {
  const caches = existingParent(cacheDir());
  const wanted = folders.length === 0 ? [caches] : [...folders, caches];
  return onePerFileSystem(wanted).flatMap((folder) => {
    const share = folder === caches && folders.length > 0 ? needed * CACHE_SHARE : needed;
    const room = free(folder);
    if (room >= share) return [];
    const what = folder === caches ? "where the caches are" : "where Docker keeps images and volumes";
    return [
      `disk: ${bytes(room)} are free at ${folder}, ${what}, and ${bytes(share)} are needed; free some space, or run npm run down -- --cache`,
    ];
  });
}

function existingParent(folder: string): string {
  return existsSync(folder) ? folder : existingParent(dirname(folder));
}
