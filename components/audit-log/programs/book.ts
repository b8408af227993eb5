/** Deeds that are known, each once, until they are in the table. */
import type { Deed } from "../../../platform/auditing.ts";

/** A deed with the service where it was done. */
export interface Entry extends Deed {
  readonly service: string;
}

/** Deeds may become known later than others that ended after them. */
const OVERLAP_MS = 10 * 60_000;
/** Most that wait for the table: the oldest are dropped, and counted. */
const MOST_WAITING = 20_000;

export class Book {
  /** When each was done, by service and id. */
  readonly #seen = new Map<string, number>();
  readonly #last = new Map<string, number>();
  readonly #begin: number;
  #waiting: Entry[] = [];
  #since: number | undefined;
  /** Deeds that are in no table, since that could not be written for too long. */
  dropped = 0;

  /** @param begin What was done before is not asked for. */
  constructor(begin: Date) {
    this.#begin = begin.getTime();
  }

  /** Takes what is in the table already: it is not new. */
  know(entries: readonly Pick<Entry, "service" | "id" | "at">[]): void {
    for (const entry of entries) this.#see(entry);
  }

  /** From when on a service is to be asked. */
  after(service: string): Date {
    const last = this.#last.get(service);
    return new Date(last === undefined ? this.#begin : Math.max(this.#begin, last - OVERLAP_MS));
  }

  /** @returns those that are new, by their time */
  add(service: string, deeds: readonly Deed[], now = Date.now()): Entry[] {
    const fresh = deeds
      .map((deed) => ({ ...deed, service }))
      .filter((entry) => !this.#seen.has(keyOf(entry)))
      .sort((a, b) => a.at.localeCompare(b.at));
    this.know(fresh);
    if (fresh.length > 0) this.#since ??= now;
    this.#waiting.push(...fresh);
    const tooMany = this.#waiting.length - MOST_WAITING;
    if (tooMany > 0) {
      this.#waiting = this.#waiting.slice(tooMany);
      this.dropped += tooMany;
    }
    return fresh;
  }

  /** Those that the table lacks, oldest first. @param most At most so many. */
  waiting(most: number): readonly Entry[] {
    return this.#waiting.slice(0, most);
  }

  get waits(): number {
    return this.#waiting.length;
  }

  /** How long the table has lacked some, in ms. */
  waitsFor(now = Date.now()): number {
    return this.#since === undefined ? 0 : now - this.#since;
  }

  /** They are in the table. */
  written(entries: readonly Entry[], now = Date.now()): void {
    const done = new Set(entries.map(keyOf));
    this.#waiting = this.#waiting.filter((entry) => !done.has(keyOf(entry)));
    this.#since = this.#waiting.length === 0 ? undefined : now;
  }

  #see(entry: Pick<Entry, "service" | "id" | "at">): void {
    const { service } = entry;
    const at = Date.parse(entry.at);
    const last = Math.max(this.#last.get(service) ?? 0, at);
    this.#last.set(service, last);
    this.#seen.set(keyOf(entry), at);
    if (this.#seen.size < 2 * MOST_WAITING) return;
    for (const [key, when] of this.#seen) if (when < last - 2 * OVERLAP_MS) this.#seen.delete(key);
  }
}

function keyOf({ service, id }: Pick<Entry, "service" | "id">): string {
  return `${service}/${id}`;
}
