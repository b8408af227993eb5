/**
 * CPU and memory of a container, as plain values. Requests of CPU are small, because the whole platform has to fit two
 * cores and is mostly idle; limits are generous, because JVMs start on them.
 */
import { canonicalCpu, canonicalSize, mebibytes } from "./quantity.ts";

/** `small`: one machine has the whole platform and is mostly idle. `large`: nodes for production. */
export const sizeRows = ["small", "large"] as const;
export type SizeRow = (typeof sizeRows)[number];

/** What a container asks for and may use at most. */
export interface Resources {
  readonly requests: { readonly cpu: string; readonly memory: string };
  readonly limits: { readonly cpu: string; readonly memory: string };
}

/**
 * The amounts as the API server writes them.
 * @param requestShare Share of the memory limit that is requested: what the service uses under ordinary load.
 */
export function resources(cpuMillis: number, cpuLimitMillis: number, memory: string, requestShare: number): Resources {
  const limit = mebibytes(memory);
  return {
    requests: { cpu: canonicalCpu(cpuMillis), memory: canonicalSize(`${Math.ceil(limit * requestShare)}Mi`) },
    limits: { cpu: canonicalCpu(cpuLimitMillis), memory: canonicalSize(`${limit}Mi`) },
  };
}

/** A short Job that sets a service up: topics, buckets, keys. */
export function setupResources(): Resources {
  return resources(50, 1000, "384Mi", 0.25);
}
