/** What must be true of this machine and of the target before anything is created. */
import { statfs } from "node:fs/promises";
import { cpus, totalmem } from "node:os";

import { ensureDocker } from "../clusters/docker-engine.ts";
import { clashMessage, portClashes } from "../clusters/embedded/ports.ts";
import { clusterState, embeddedPorts } from "./cluster.ts";
import { UserError } from "./errors.ts";
import { connect, reachable } from "./kube.ts";
import { projectDir } from "./paths.ts";
import { readNodes } from "./platform.ts";
import { during, type Progress } from "./progress.ts";
import { quantity } from "./quantity.ts";
import type { Stack } from "./stack.ts";
import { bytes } from "./table.ts";

/** Room for the caches of packages, the images and the platform's first data. */
export const DISK_NEEDED = { cold: 25 * 2 ** 30, warm: 8 * 2 ** 30 } as const;

export interface Capacity {
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
}

/** Checks everything that needs no cluster; for other targets than embedded also that the cluster answers and has room. */
export async function preflight(stack: Stack, progress: Progress): Promise<void> {
  await during(progress, "preflight", async (step) => {
    const problems: string[] = [];
    const embedded = stack.profile.target === "embedded";
    const running = embedded ? (await clusterState(stack)).running : false;
    if (stack.profile.registry !== undefined || embedded) await ensureDocker(step.detail);
    step.detail("disk");
    problems.push(...(await diskProblems(running ? DISK_NEEDED.warm : DISK_NEEDED.cold)));
    if (embedded && !running) {
      step.detail("ports");
      const clashes = await portClashes(embeddedPorts(stack.config.cluster));
      if (clashes.length > 0) problems.push(clashMessage(clashes));
      problems.push(...fitProblemsOf(stack, { cpu: cpus().length, memory: totalmem() }, "this machine"));
    }
    if (!embedded) {
      step.detail("cluster");
      const answer = await reachable(connect(stack.profile));
      if (!answer.ok) problems.push(`the cluster of context "${stack.profile.context}" can't be used: ${answer.why}`);
    }
    if (problems.length > 0) throw new UserError(problems.join("\n"));
  });
}

/** Needs of the config against what there is, once the cluster answers. */
export async function checkFit(stack: Stack, progress: Progress): Promise<void> {
  await during(progress, "fit", async () => {
    const nodes = await readNodes(connect(stack.profile));
    const capacity = nodes.reduce<Capacity>(
      (total, node) => ({
        cpu: total.cpu + (quantity(node.status?.allocatable?.["cpu"]) ?? 0),
        memory: total.memory + (quantity(node.status?.allocatable?.["memory"]) ?? 0),
      }),
      { cpu: 0, memory: 0 },
    );
    const problems = fitProblemsOf(stack, capacity, `the cluster's ${nodes.length} node(s)`);
    if (problems.length > 0) throw new UserError(problems.join("\n"));
  });
}

/** Too little room on the disk that holds the caches and the cluster. */
export async function diskProblems(needed: number, folder = projectDir): Promise<string[]> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  return free >= needed
    ? []
    : [
        `disk: ${bytes(free)} are free at ${folder}, ${bytes(needed)} are needed; free some, or npm run down -- --cache`,
      ];
}
