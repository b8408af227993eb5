/** Which hops a proof has: of the table, those that were told what they must know. */
import { roomHops } from "../components/hops.ts";
import type { ProofContext } from "../platform/hops/define-hops.ts";
import type { Branch, Hop, PlacedHop, Skipped } from "../platform/hops/hop.ts";
import { cleanupMs, proofCapMs } from "../platform/hops/limits.ts";
import type { ProofRun } from "../platform/hops/run.ts";
import type { ProofConfig } from "./config.ts";
import { hopNames, table } from "./table.ts";

/** The data path first: the others stand on it. */
export function branchesOf(config: ProofConfig, run: ProofRun): Branch[] {
  const context = new Context(config, run);
  const asked = new Set<string>();
  return table.flatMap((places): Branch[] => {
    const hops: PlacedHop[] = [];
    for (const { room, hop } of places) {
      const told = room.settings === undefined ? {} : config.told[room.room];
      if (told === undefined || !(hop.needs ?? []).every((name) => asked.has(name))) continue;
      const made = hop.make(told, context);
      if (made === undefined) continue;
      const waitsFor = [...(hop.needs ?? []), ...(hop.waitsFor ?? [])].filter((name) => asked.has(name));
      asked.add(hop.name);
      hops.push({ ...withPatience({ ...made, name: hop.name }, config.timeoutSeconds), waitsFor });
    }
    if (hops.length === 0) return [];
    const carriesOthers = places[0]?.hop.branch === "path";
    return [{ hops, timeoutMs: proofCapMs, cleanupTimeoutMs: cleanupMs, ...(carriesOthers && { carriesOthers }) }];
  });
}

/** The hops that these branches do not ask, in the table's order. */
export function skippedHops(config: Pick<ProofConfig, "skipped">, branches: readonly Branch[]): Skipped[] {
  const asked = new Set(branches.flatMap(({ hops }) => hops.map(({ name }) => name)));
  return hopNames
    .filter((hop) => !asked.has(hop))
    .map((hop) => ({ hop, reason: config.skipped[hop] ?? "the proof was not told where to ask it" }));
}

function withPatience(hop: Hop, atLeastSeconds: number | undefined): Hop {
  return { ...hop, timeoutMs: Math.max(hop.timeoutMs, (atLeastSeconds ?? 0) * 1000) };
}

/** What the hops of one proof are made of. */
class Context implements ProofContext {
  readonly run: ProofRun;
  readonly counts: ProofContext["counts"];
  readonly #told: ProofConfig["told"];
  readonly #made = new Map<unknown, unknown>();

  constructor({ records, poison, told }: ProofConfig, run: ProofRun) {
    this.run = run;
    this.counts = { records, poison };
    this.#told = told;
  }

  readonly of = ((hops: { readonly room: string }) => this.#told[hops.room]) as ProofContext["of"];

  readonly once = <T>(make: (context: ProofContext) => T): T => {
    if (!this.#made.has(make)) this.#made.set(make, make(this));
    return this.#made.get(make) as T;
  };

  readonly cleanupsAfter: ProofContext["cleanupsAfter"] = (hop) =>
    roomHops.flatMap(({ room, cleanups }) => cleanups?.[hop]?.(this.#told[room], this) ?? []);
}
