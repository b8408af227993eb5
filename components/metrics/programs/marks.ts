/** Figures that proofs have set: they are told for a while, so that the store has read them. */
import { z } from "zod";
import type { Sample } from "../../../platform/watching.ts";

export const markSchema = z.strictObject({ run: z.string().regex(/^[\w-]{1,80}$/), value: z.number() });
export type Mark = z.output<typeof markSchema>;

const KEPT_MS = 5 * 60_000;
/** Marks at a time. */
const MOST = 50;

export class Marks {
  readonly #marks = new Map<string, { readonly value: number; readonly until: number }>();

  set({ run, value }: Mark, now = Date.now()): void {
    this.#marks.delete(run);
    this.#marks.set(run, { value, until: now + KEPT_MS });
    const [oldest] = this.#marks.keys();
    if (this.#marks.size > MOST && oldest !== undefined) this.#marks.delete(oldest);
  }

  samples(now = Date.now()): Sample[] {
    for (const [run, { until }] of this.#marks) if (until < now) this.#marks.delete(run);
    return [...this.#marks].map(([run, { value }]) => ({ name: "millrace_proof_mark", labels: { run }, value }));
  }
}
