/**
 * Figures that proofs have set. There is a fixed number of series for them, which are told from the start: a series for each run would be
 * a new one, and the store takes no new ones while it has too many.
 */
import { z } from "zod";
import type { Sample } from "../../../platform/watching.ts";

export const markSchema = z.strictObject({ value: z.number() });

/** Proofs at a time. */
const SLOTS = 8;

export class Marks {
  readonly #values: number[] = Array.from({ length: SLOTS }, () => 0);
  #next = 0;

  /** Takes the place of the oldest. @returns Label `slot` of the series that tells it */
  set(value: number): string {
    const slot = this.#next;
    this.#values[slot] = value;
    this.#next = (slot + 1) % SLOTS;
    return String(slot);
  }

  samples(): Sample[] {
    return this.#values.map((value, slot) => ({ name: "millrace_proof_mark", labels: { slot: String(slot) }, value }));
  }
}
