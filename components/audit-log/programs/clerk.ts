/** Asks what people did, says each deed once in the log, and writes it into the table. */
import type { Deed } from "../../../platform/auditing.ts";
import { describeError } from "../../../platform/describe-error.ts";
import { within } from "../../../platform/within.ts";
import type { Sample } from "../../../platform/watching.ts";
import type { Book, Entry } from "./book.ts";
import type { AuditTable } from "./table.ts";

export interface Source {
  /** Name of the service. */
  readonly service: string;
  readonly ask: (after: Date, signal: AbortSignal) => Promise<Deed[]>;
}

export interface ClerkOptions {
  readonly sources: readonly Source[];
  readonly book: Book;
  /** @default - there is no lake: deeds are in the log alone */
  readonly table?: AuditTable | undefined;
  /** Days that the table keeps. */
  readonly keepDays: number;
  /** Takes secrets out of a text. */
  readonly masked: (text: string) => string;
  readonly log: (line: string) => void;
  /** Time that an answer has, in ms. @default 20000 */
  readonly limitMs?: number;
}

/** Rows of one statement. */
const BATCH = 200;
const DAY_MS = 86_400_000;
/** What the table has of this time before is known at the start: it is told no second time. */
const KNOWN_MS = 2 * 3_600_000;

export class Clerk {
  readonly #options: ClerkOptions;
  readonly #problems = new Map<string, string>();
  readonly #counts = new Map<string, { readonly labels: Readonly<Record<string, string>>; value: number }>();
  #knows = false;
  #forgot = 0;
  #writing: Promise<number> | undefined;

  constructor(options: ClerkOptions) {
    this.#options = options;
    this.#knows = options.table === undefined;
  }

  /** Asks each once. It throws nothing: what does not answer is asked again later, for the same time. */
  async look(signal: AbortSignal): Promise<void> {
    if (!(await this.#knowsTable(signal))) return;
    await Promise.all(this.#options.sources.map((source) => this.#ask(source, signal)));
  }

  /** Writes what the table lacks. @returns the number of rows. @throws Error when the table can't be written */
  async write(signal: AbortSignal): Promise<number> {
    // Two at a time would each miss what the other one adds.
    while (this.#writing !== undefined) await this.#writing.catch(() => undefined);
    this.#writing = this.#writeNow(signal);
    try {
      return await this.#writing;
    } finally {
      this.#writing = undefined;
    }
  }

  /** The same, where nobody waits for it: what can't be written is said, and stays. */
  async tryToWrite(signal: AbortSignal): Promise<void> {
    await this.#attempt("the table", signal, async () => {
      await this.write(signal);
    });
  }

  /** Figures of itself. */
  samples(now = Date.now()): Sample[] {
    const { book, sources } = this.#options;
    return [
      ...[...this.#counts.values()].map(({ labels, value }) => ({ name: "audit_deeds_total", labels, value })),
      ...sources.map(({ service }) => ({
        name: "audit_source_up",
        labels: { service },
        value: Number(!this.#problems.has(service)),
      })),
      { name: "audit_waiting", value: book.waits },
      { name: "audit_waiting_seconds", value: book.waitsFor(now) / 1000 },
      { name: "audit_dropped_total", value: book.dropped },
    ];
  }

  async #knowsTable(signal: AbortSignal): Promise<boolean> {
    const { table, book } = this.#options;
    if (this.#knows || table === undefined) return true;
    await this.#attempt("the table", signal, async () => {
      await table.make(signal);
      book.know(await table.known(new Date(Date.now() - KNOWN_MS), signal));
      this.#knows = true;
    });
    return this.#knows;
  }

  async #ask({ service, ask }: Source, signal: AbortSignal): Promise<void> {
    const { book, log, masked, limitMs = 20_000 } = this.#options;
    await this.#attempt(service, signal, async () => {
      const deeds = await within(limitMs, signal, (until) => ask(book.after(service), until));
      const clean = deeds.map((deed) => ({ ...deed, object: masked(deed.object) }));
      for (const entry of book.add(service, clean)) {
        this.#count(entry);
        log(lineOf(entry));
      }
    });
  }

  async #writeNow(signal: AbortSignal): Promise<number> {
    const { book, table, keepDays } = this.#options;
    if (table === undefined || !(await this.#knowsTable(signal))) return 0;
    let rows = 0;
    for (let batch = book.waiting(BATCH); batch.length > 0; batch = book.waiting(BATCH)) {
      await table.add(batch, signal);
      book.written(batch);
      rows += batch.length;
    }
    if (Date.now() - this.#forgot >= DAY_MS) {
      await table.forget(new Date(Date.now() - keepDays * DAY_MS), signal);
      this.#forgot = Date.now();
    }
    return rows;
  }

  /** Says a new problem once, and when it is over. */
  async #attempt(what: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (this.#problems.delete(what)) this.#options.log(`${what}: answers again`);
    } catch (error) {
      const words = `${what}: ${describeError(error)}`;
      if (this.#problems.get(what) !== words && !signal.aborted) this.#options.log(words);
      this.#problems.set(what, words);
    }
  }

  #count({ service, action }: Entry): void {
    const key = `${service}/${action}`;
    const known = this.#counts.get(key) ?? { labels: { service, action }, value: 0 };
    known.value++;
    this.#counts.set(key, known);
  }
}

/** A deed in one line: `presto: ana ran a query (ok): SELECT 1`. */
export function lineOf({ at, service, user, action, object, outcome }: Entry): string {
  const what = object === "" ? "" : `: ${object.replaceAll(/\s+/g, " ").slice(0, 2000)}`;
  return `${at} ${service}: ${user} ${action} (${outcome})${what}`;
}
