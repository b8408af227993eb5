/** How much memory a program in Go takes it that it has. */
import { mebibytes } from "./quantity.ts";
import type { Resources } from "./resources.ts";

/** Share of the container's memory that Go's own collector of garbage sees as its limit. */
const SHARE = 0.85;

export function goMemoryLimit({ limits }: Resources): { readonly name: string; readonly value: string } {
  return { name: "GOMEMLIMIT", value: `${Math.floor(mebibytes(limits.memory) * SHARE)}MiB` };
}
