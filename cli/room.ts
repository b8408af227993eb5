/** Whether what the config requests fits what there is: the nodes of a cluster, or this machine before there is one. */
import { cpus, totalmem } from "node:os";

import { NODE_RESERVE } from "../clusters/embedded/container-spec.ts";
import { fit } from "../config/fit.ts";
import { quantityOf } from "../platform/quantity.ts";
import { connect, type Kube } from "./kube.ts";
import { readNodes } from "./platform.ts";
import type { Stack } from "./stack.ts";

type Asking = Pick<Stack, "config" | "profile">;

/** What to do when the platform requests more than all nodes together can give to pods; none: it fits. */
export async function nodeProblems(kube: Kube, stack: Asking): Promise<string[]> {
  const nodes = await readNodes(kube);
  const sum = (what: "cpu" | "memory"): number =>
    nodes.reduce((total, node) => total + (quantityOf(node.status?.allocatable?.[what]) ?? 0), 0);
  return fitProblems(stack, sum("cpu"), sum("memory"));
}

/** The same for an embedded cluster that is to be made on this machine. */
export function machineProblems(stack: Asking): string[] {
  const { cpuMillis, memoryMi } = NODE_RESERVE;
  return fitProblems(stack, cpus().length - cpuMillis / 1000, totalmem() - memoryMi * 2 ** 20);
}

/** What a preview says of it: nothing where it fits, or where no cluster tells. */
export async function fitWarnings(stack: Asking): Promise<string[]> {
  try {
    return await nodeProblems(connect(stack.profile), stack);
  } catch {
    return stack.profile.target === "embedded" ? machineProblems(stack) : [];
  }
}

/** @param memory In bytes. */
function fitProblems({ config }: Asking, cores: number, memory: number): string[] {
  const { fits, proposal } = fit(config, { cpuMillis: cores * 1000, memoryMi: Math.floor(memory / 2 ** 20) });
  return fits ? [] : [proposal];
}
