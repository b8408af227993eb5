/** How long a record takes from its making until SQL sees it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PrestoClient } from "../components/presto/programs/presto-client.ts";
import { sqlText } from "../components/presto/programs/presto-client.ts";
import type { SentRecord } from "./load.ts";
import { percentile } from "./percentile.ts";

export interface LatencyFigures {
  readonly sent: number;
  /** Raw rows found at the end. */
  readonly rows: number;
  /** Distinct ids found at the end. */
  readonly distinct: number;
  /** Sent records that are not in the table. */
  readonly lost: number;
  /** Raw rows beyond the distinct ids. */
  readonly duplicates: number;
  /**
   * From a record's making to the end of the first query that saw it, in ms. Records that were not seen count as later
   * than all others; `null`: the percentile falls on such a record.
   */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  /** Queries that looked. */
  readonly polls: number;
  /** Queries that failed and were asked again. */
  readonly pollErrors: number;
}

/**
 * Watches the samples table for the records of a run. The stream gives all rows of a batch the same `ingested_at`, later
 * than any before, and commits them at once; so a look asks only for what is later than the latest it has seen. Presto
 * skips files by this column, so that looking costs the same at the end as at the beginning.
 */
export class VisibilityWatch {
  readonly #presto: PrestoClient;
  readonly #run: string;
  readonly #seenAt = new Map<string, number>();
  /** Latest `ingested_at` seen, as Presto shows it. */
  #latest = "1970-01-01 00:00:00.000";
  #polls = 0;
  #errors = 0;

  constructor(presto: PrestoClient, run: string) {
    this.#presto = presto;
    this.#run = run;
  }

  /** Distinct records seen so far. */
  get seen(): number {
    return this.#seenAt.size;
  }

  /** Looks until the signal fires; a look under way is waited for. */
  async watch(signal: AbortSignal, pauseMs: number): Promise<void> {
    while (!signal.aborted) {
      const started = Date.now();
      try {
        await this.look();
      } catch {
        this.#errors++;
      }
      await sleep(Math.max(0, pauseMs - (Date.now() - started)), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Looks once. */
  async look(): Promise<void> {
    const rows = await this.#presto.query(
      `SELECT id, CAST(ingested_at AS varchar) AS ingested FROM samples WHERE run = ${sqlText(this.#run)} ` +
        `AND ingested_at > TIMESTAMP ${sqlText(this.#latest)}`,
    );
    this.#polls++;
    const now = Date.now();
    for (const row of rows) {
      const [id, ingested] = [String(row["id"]), String(row["ingested"])];
      if (!this.#seenAt.has(id)) this.#seenAt.set(id, now);
      if (ingested > this.#latest) this.#latest = ingested;
    }
  }

  /** Counts the table itself once more and compares it with what was sent. */
  async figures(sent: readonly SentRecord[]): Promise<LatencyFigures> {
    const sql = `SELECT count(*) AS n, count(DISTINCT id) AS ids FROM samples WHERE run = ${sqlText(this.#run)}`;
    const row = (await this.#presto.query(sql))[0] ?? {};
    const [rows, distinct] = [Number(row["n"]), Number(row["ids"])];
    const latencies = sent
      .map(({ id, madeAt }) => (this.#seenAt.get(id) ?? Infinity) - madeAt)
      .sort((left, right) => (left === right ? 0 : left - right));
    const at = (rank: number): number | null => {
      const latency = percentile(latencies, rank);
      return latency === undefined || latency === Infinity ? null : latency;
    };
    return {
      sent: sent.length,
      rows,
      distinct,
      lost: sent.length - distinct,
      duplicates: rows - distinct,
      p50Ms: at(50),
      p99Ms: at(99),
      maxMs: at(100),
      polls: this.#polls,
      pollErrors: this.#errors,
    };
  }
}
