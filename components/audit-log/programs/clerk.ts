/** Asks what people did, says each deed in the log, and writes it into the table. */
import type { Deed } from "../../../platform/auditing.ts";
import { describeError } from "../../../platform/describe-error.ts";
import type { Sample } from "../../../platform/watching.ts";
import { within } from "../../../platform/within.ts";
import { PrestoError } from "../../presto/programs/presto-client.ts";
import { type Book, type Entry, keyOf } from "./book.ts";
import { type AuditTable, MOST_LETTERS } from "./table.ts";

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
  /** From when on the table may have deeds that are told again. */
  readonly begin: Date;
  /** Days that the table keeps. */
  readonly keepDays: number;
  /** Takes secrets out of a text. */
  readonly masked: (text: string) => string;
  readonly log: (line: string) => void;
  /** Time that an answer has, in ms. @default 20000 */
  readonly limitMs?: number;
}

/** Letters of the texts of one statement: Presto takes a million in all, and a quote in a text is two. */
const STATEMENT_LETTERS = 200_000;
const DAY_MS = 86_400_000;
const TABLE = "the table";

export class Clerk {
  readonly #options: ClerkOptions;
  readonly #problems = new Map<string, string>();
  readonly #counts = new Map<string, { readonly labels: Readonly<Record<string, string>>; value: number }>();
  /** Deeds that may be in the table already, until that is known. */
  #untold: Entry[] | undefined;
  #forgot = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ClerkOptions) {
    this.#options = options;
    if (options.table !== undefined) this.#untold = [];
  }

  /** Asks each once. It throws nothing: what does not answer is asked again later, for the same time. */
  async look(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#options.sources.map((source) => this.#ask(source, signal)));
    if (this.#untold !== undefined) {
      await this.#attempt(TABLE, signal, () => this.#inTurn(() => this.#meetTable(signal)));
    }
  }

  /** Writes what the table lacks. @returns the number of rows. @throws Error when the table can't be written */
  async write(signal: AbortSignal): Promise<number> {
    return await this.#inTurn(() => this.#writeNow(signal));
  }

  /** The same, where nobody waits for it: what can't be written is said, and stays. */
  async tryToWrite(signal: AbortSignal): Promise<void> {
    await this.#attempt(TABLE, signal, async () => {
      await this.write(signal);
    });
  }

  /** Figures of itself; label `service` is the pod's own. @param everyMs Time between two writes, in ms. */
  samples(everyMs: number, now = Date.now()): Sample[] {
    const { book, sources } = this.#options;
    return [
      ...[...this.#counts.values()].map(({ labels, value }) => ({ name: "audit_deeds_total", labels, value })),
      ...sources.map(({ service }) => ({
        name: "audit_source_up",
        labels: { source: service },
        value: Number(!this.#problems.has(service)),
      })),
      { name: "audit_waiting", value: book.waits },
      { name: "audit_late_seconds", value: Math.max(0, book.waitsFor(now) - everyMs) / 1000 },
      { name: "audit_dropped_total", value: book.dropped },
    ];
  }

  async #ask({ service, ask }: Source, signal: AbortSignal): Promise<void> {
    const { book, masked, limitMs = 20_000 } = this.#options;
    await this.#attempt(service, signal, async () => {
      const deeds = await within(limitMs, signal, (until) => ask(book.after(service), until));
      const clean = deeds.map((deed) => ({ ...deed, object: masked(deed.object).slice(0, MOST_LETTERS) }));
      const fresh = book.add(service, clean);
      if (this.#untold === undefined) this.#tell(fresh);
      else this.#untold.push(...fresh);
    });
  }

  #tell(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { service, action } = entry;
      const key = `${service}/${action}`;
      const known = this.#counts.get(key) ?? { labels: { source: service, action }, value: 0 };
      known.value++;
      this.#counts.set(key, known);
      this.#options.log(lineOf(entry));
    }
  }

  /** What was told before the last stop is in the table, and is told no second time. */
  async #meetTable(signal: AbortSignal): Promise<void> {
    const { table, book, begin } = this.#options;
    if (table === undefined || this.#untold === undefined) return;
    await table.make(signal);
    const known = await table.known(begin, signal);
    book.written(known);
    const keys = new Set(known.map(keyOf));
    const untold = this.#untold;
    this.#untold = undefined;
    this.#tell(untold.filter((entry) => !keys.has(keyOf(entry))));
  }

  async #writeNow(signal: AbortSignal): Promise<number> {
    const { book, table, keepDays } = this.#options;
    if (table === undefined) return 0;
    await this.#meetTable(signal);
    let rows = 0;
    for (;;) {
      const batch = book.waiting(STATEMENT_LETTERS);
      if (batch.length === 0) break;
      rows += await this.#add(table, batch, signal);
      book.written(batch);
    }
    if (Date.now() - this.#forgot >= DAY_MS) {
      await table.forget(new Date(Date.now() - keepDays * DAY_MS), signal);
      this.#forgot = Date.now();
    }
    return rows;
  }

  /** What Presto refuses is tried one by one: a deed that it takes in no way holds up no other. */
  async #add(table: AuditTable, batch: readonly Entry[], signal: AbortSignal): Promise<number> {
    const { book, log } = this.#options;
    try {
      await table.add(batch, signal);
      return batch.length;
    } catch (error) {
      const [only] = batch;
      if (!(error instanceof PrestoError) || !REFUSED.test(error.code) || only === undefined) throw error;
      if (batch.length === 1) {
        book.dropped++;
        log(`${TABLE}: does not take a deed of ${only.service} (${error.message})`);
        return 0;
      }
      const half = Math.ceil(batch.length / 2);
      return (
        (await this.#add(table, batch.slice(0, half), signal)) + (await this.#add(table, batch.slice(half), signal))
      );
    }
  }

  /** Two at a time would each miss what the other one adds. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return await turn;
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
}

/** Presto's names of what is wrong with a statement itself. */
const REFUSED =
  /^(SYNTAX_ERROR|QUERY_TEXT_TOO_LARGE|INVALID_LITERAL|TYPE_MISMATCH|GENERATED_BYTECODE_TOO_LARGE|COMPILER_ERROR|STACK_OVERFLOW)$/;

/** A deed in one line: `presto: ana ran a query (ok): SELECT 1`. */
export function lineOf({ at, service, user, action, object, outcome }: Entry): string {
  const what = object === "" ? "" : `: ${object.replaceAll(/\s+/g, " ").slice(0, 2000)}`;
  return `${at} ${service}: ${user} ${action} (${outcome})${what}`;
}
