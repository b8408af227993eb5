/** Sizes of pods: a row of values for each kind of cluster, and what the stack sets in their place. Loads no Pulumi. */
import * as z from "zod";
import { canonicalCpu, canonicalSize, cpuMillis, mebibytes, type Quantity } from "./quantity.ts";
import { cpuAmount, quantity } from "./settings.ts";
import { type Resources, resources, type SizeRow } from "./resources.ts";

/** What pods of one kind ask for and may use, where the stack says nothing. */
export interface Size {
  /** In thousandths of a core. */
  readonly cpu: { readonly request: number; readonly limit: number };
  /** Share of the memory limit that is requested. */
  readonly memoryShare: number;
}
export type Sizes = Readonly<Record<SizeRow, Size>>;

/** A row: CPU in thousandths of a core, requested and at most, and the share of the memory limit that is requested. */
export function size(request: number, limit: number, memoryShare: number): Size {
  return { cpu: { request, limit }, memoryShare };
}

/** What a stack sets of the resources of pods. */
export interface GivenResources {
  readonly requests?: { readonly cpu?: string | number | undefined; readonly memory?: string | undefined } | undefined;
  readonly limits?: { readonly cpu?: string | number | undefined; readonly memory?: string | undefined } | undefined;
}

/** A room's settings as far as they decide on the size of its pods. */
export interface Sized<Given = GivenResources> {
  readonly resources?: Given | undefined;
  /** Row that its pods take. */
  readonly size: SizeRow;
}

/**
 * Resources of a pod: what the stack gives, else its row. A given limit lowers the request of the row, and a given request
 * raises the limit of the row, so that either can be given alone.
 * @param memory Memory limit where the stack gives none.
 */
export function sized(row: Size, memory: string, given: GivenResources = {}): Resources {
  const { requests = {}, limits = {} } = given;
  const asked = requests.cpu === undefined ? undefined : cpuMillis(requests.cpu);
  const limit = limits.cpu === undefined ? Math.max(row.cpu.limit, asked ?? 0) : cpuMillis(limits.cpu);
  const most = limits.memory ?? memory;
  const fallback = resources(asked ?? Math.min(row.cpu.request, limit), limit, most, row.memoryShare);
  if (requests.memory === undefined) return fallback;
  return { ...fallback, requests: { ...fallback.requests, memory: canonicalSize(`${mebibytes(requests.memory)}Mi`) } };
}

const percent = (share: number): string => (share === 1 ? "all" : `${Math.round(share * 1000) / 10}%`);
/** The defaults of both rows, in words. */
const both = (small: string, large: string): string =>
  small === large ? `Default: ${small}.` : `Default: ${small}, with sizes \`large\` ${large}.`;

/** Requests above their limits. @param at The setting that the resources come from. */
export function sizeProblems(at: string, { requests, limits }: Resources): string[] {
  const above = (what: string, request: number, limit: number, words: (amount: number) => string): string[] =>
    request <= limit
      ? []
      : [
          `${at}.requests.${what}: received ${words(request)}, but the limit is ${words(limit)}; ` +
            "give at most that, or raise the limit",
        ];
  return [
    ...above("cpu", cpuMillis(requests.cpu), cpuMillis(limits.cpu), canonicalCpu),
    ...above("memory", mebibytes(requests.memory), mebibytes(limits.memory), (amount) => `${amount}Mi`),
  ];
}

function requestsSetting(sizes: Sizes) {
  const { small, large } = sizes;
  return z
    .strictObject({
      cpu: cpuAmount()
        .optional()
        .describe(
          `CPU request. ${both(`\`${canonicalCpu(small.cpu.request)}\``, `\`${canonicalCpu(large.cpu.request)}\``)}`,
        ),
      memory: quantity("16Mi", "1024Gi")
        .optional()
        .describe(`Memory request. ${both(`${percent(small.memoryShare)} of the limit`, percent(large.memoryShare))}`),
    })
    .optional()
    .describe("What is reserved for them on their node.");
}

const LIMITS = "The most that they may use.";

const limitCpu = ({ small, large }: Sizes) =>
  cpuAmount()
    .optional()
    .describe(`CPU limit. ${both(`\`${canonicalCpu(small.cpu.limit)}\``, `\`${canonicalCpu(large.cpu.limit)}\``)}`);

/** Requests and the CPU limit of pods whose memory limit is a setting of its own. @param whose In words: "each broker". */
export const resourcesSetting = (whose: string, sizes: Sizes) =>
  z
    .strictObject({
      requests: requestsSetting(sizes),
      limits: z
        .strictObject({ cpu: limitCpu(sizes) })
        .optional()
        .describe(LIMITS),
    })
    .optional()
    .describe(`Requests and limits of ${whose}.`);

/** Requests and limits of pods. @param memory Memory limit where the stack gives none, in words for the docs. */
export const allResourcesSetting = (whose: string, sizes: Sizes, memory: string, least: Quantity) =>
  z
    .strictObject({
      requests: requestsSetting(sizes),
      limits: z
        .strictObject({
          cpu: limitCpu(sizes),
          memory: quantity(least, "1024Gi").optional().describe(`Memory limit. Default: \`${memory}\`.`),
        })
        .optional()
        .describe(LIMITS),
    })
    .optional()
    .describe(`Requests and limits of ${whose}.`);
