/** The processor time that a command takes: its own, and that of the embedded cluster meanwhile. */
import type { ContainerCpu } from "../clusters/embedded/cluster.ts";
import { clusterProcessorTime } from "./cluster.ts";
import type { Stack } from "./stack.ts";
import { ownCpuSeconds } from "./timeline.ts";

export interface CpuMeter {
  /** Since the meter's start; `null` where it can't be had: the nodes of other clusters are not asked. */
  seconds(): Promise<number | null>;
}

export async function startCpuMeter(stack: Stack): Promise<CpuMeter> {
  const before = await clusterProcessorTime(stack);
  return {
    async seconds() {
      const own = ownCpuSeconds();
      const after = await clusterProcessorTime(stack);
      return own === undefined || after === undefined ? null : own + usedSince(before, after);
    },
  };
}

/** A container that was started in between counts from its start. */
export function usedSince(before: ContainerCpu | undefined, after: ContainerCpu): number {
  return before?.startedAt === after.startedAt ? after.seconds - before.seconds : after.seconds;
}
