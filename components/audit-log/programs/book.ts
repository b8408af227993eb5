/** Deeds that are known, each once, until they are in the table. */
import type { Deed } from "../../../platform/auditing.ts";

/** A deed with the service where it was done. */
export interface Entry extends Deed {
  readonly service: string;
}

/** What tells a deed from all others. */
export type Key = Pick<Entry, "service" | "id">;

/** Deeds may become known later than others that ended after them. */
const OVERLAP_MS = 10 * 60_000;
/** Most that wait for the table: the oldest are dropped, and counted. */
const MOST_WAITING = 20_000;
/** Of a row beside its text, in letters. */
const ROW_LETTERS = 200;
/** Deeds of a service that are remembered at least, beside those that it may tell again. */
const LEAST_KNOWN = 1000;

export class Book {
  /** When each was done, by service and id. */
  readonly #seen = new Map<string, Map<string, number>>();
  readonly #last = new Map<string, number>();
  readonly #begin: number;
  readonly #hasTable: boolean;
  #waiting: Entry[] = [];
  #since: number | undefined;
  /** Deeds that are in no table, since that could not be written for too long, or refuses them. */
  dropped = 0;

  /**
   * @param begin What was done before is not asked for.
   * @param hasTable Whether deeds wait until they are in a table. @default true
   */
  constructor(begin: Date, hasTable = true) {
    this.#begin = begin.getTime();
    this.#hasTable = hasTable;
  }

  /** From when on a service is to be asked. */
  after(service: string): Date {
    const last = this.#last.get(service);
    return new Date(last === undefined ? this.#begin : Math.max(this.#begin, last - OVERLAP_MS));
  }

  /** @returns those that are new, by their time */
  add(service: string, deeds: readonly Deed[], now = Date.now()): Entry[] {
    const seen = this.#seen.get(service) ?? new Map<string, number>();
    this.#seen.set(service, seen);
    const fresh = [...deeds]
      .sort((a, b) => a.at.localeCompare(b.at))
      .flatMap((deed): Entry[] => {
        if (seen.has(deed.id)) return [];
        seen.set(deed.id, Date.parse(deed.at));
        return [{ ...deed, service }];
      });
    const last = fresh.at(-1);
    if (last !== undefined) this.#last.set(service, Math.max(this.#last.get(service) ?? 0, Date.parse(last.at)));
    this.#forget(service, seen);
    if (this.#hasTable) this.#await(fresh, now);
    return fresh;
  }

  /** Those that the table lacks, oldest first, as long as their texts have no more letters together. At least one, where there is one. */
  waiting(mostLetters: number): readonly Entry[] {
    let letters = 0;
    const beyond = this.#waiting.findIndex(
      ({ object }, index) => (letters += object.length + ROW_LETTERS) > mostLetters && index > 0,
    );
    return beyond < 0 ? [...this.#waiting] : this.#waiting.slice(0, beyond);
  }

  get waits(): number {
    return this.#waiting.length;
  }

  /** How long the table has lacked some, in ms. */
  waitsFor(now = Date.now()): number {
    return this.#since === undefined ? 0 : now - this.#since;
  }

  /** They are in the table, or never will be. */
  written(entries: readonly Key[], now = Date.now()): void {
    const done = new Set(entries.map(keyOf));
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((entry) => !done.has(keyOf(entry)));
    if (this.#waiting.length === 0) this.#since = undefined;
    else if (this.#waiting.length < before) this.#since = now;
  }

  #await(fresh: readonly Entry[], now: number): void {
    if (fresh.length > 0) this.#since ??= now;
    this.#waiting.push(...fresh);
    const tooMany = this.#waiting.length - MOST_WAITING;
    if (tooMany <= 0) return;
    this.#waiting = this.#waiting.slice(tooMany);
    this.dropped += tooMany;
  }

  /** A service tells again what was done since its last deed and some time before: all else need not be known. */
  #forget(service: string, seen: Map<string, number>): void {
    if (seen.size <= LEAST_KNOWN) return;
    const oldest = (this.#last.get(service) ?? 0) - 2 * OVERLAP_MS;
    for (const [id, when] of seen) if (when < oldest) seen.delete(id);
  }
}

export function keyOf({ service, id }: Key): string {
  return `${service}/${id}`;
}
