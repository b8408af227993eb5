/** How long a record takes from its making until SQL sees it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PrestoClient } from "../check/presto-client.ts";
import { sqlText } from "../check/presto-client.ts";
import { percentile } from "./percentile.ts";

/** A record that was made and queued for the broker. */
export interface SentRecord {
  readonly id: string;
  /** Time of its making, in ms since the epoch. */
  readonly madeAt: number;
}

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
  /** From a record's making to the end of the first query that saw it, in ms; `undefined`: nothing was seen. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly maxMs: number | undefined;
  /** Queries that looked. */
  readonly polls: number;
  /** Queries that failed and were asked again. */
  readonly pollErrors: number;
}

/**
 * Watches the samples table for the records of a run. It knows for each Kafka partition how far it has seen the table
 * reach, and asks only for what is new, so that looking costs the same at the end as at the beginning.
 */
export class VisibilityWatch {
  readonly #presto: PrestoClient;
  readonly #run: string;
  readonly #seenAt = new Map<string, number>();
  /** Highest offset seen, by Kafka partition. Within a partition, rows appear in the order of their offsets. */
  readonly #reached = new Map<number, number>();
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
      `SELECT id, kafka_partition AS part, kafka_offset AS off FROM samples WHERE run = ${sqlText(this.#run)} ` +
        `AND (${this.#newRows()})`,
    );
    this.#polls++;
    const now = Date.now();
    for (const row of rows) {
      const [id, partition, offset] = [String(row["id"]), Number(row["part"]), Number(row["off"])];
      if (!this.#seenAt.has(id)) this.#seenAt.set(id, now);
      this.#reached.set(partition, Math.max(offset, this.#reached.get(partition) ?? -1));
    }
  }

  #newRows(): string {
    if (this.#reached.size === 0) return "true";
    const partitions = [...this.#reached];
    return [
      ...partitions.map(([partition, offset]) => `(kafka_partition = ${partition} AND kafka_offset > ${offset})`),
      `kafka_partition NOT IN (${partitions.map(([partition]) => partition).join(", ")})`,
    ].join(" OR ");
  }

  /** Counts the table itself once more and compares it with what was sent. */
  async figures(sent: readonly SentRecord[]): Promise<LatencyFigures> {
    const sql = `SELECT count(*) AS n, count(DISTINCT id) AS ids FROM samples WHERE run = ${sqlText(this.#run)}`;
    const row = (await this.#presto.query(sql))[0] ?? {};
    const [rows, distinct] = [Number(row["n"]), Number(row["ids"])];
    const latencies = sent
      .map(({ id, madeAt }) => (this.#seenAt.get(id) ?? Infinity) - madeAt)
      .filter(Number.isFinite)
      .sort((left, right) => left - right);
    return {
      sent: sent.length,
      rows,
      distinct,
      lost: sent.length - distinct,
      duplicates: rows - distinct,
      p50Ms: percentile(latencies, 50),
      p99Ms: percentile(latencies, 99),
      maxMs: latencies.at(-1),
      polls: this.#polls,
      pollErrors: this.#errors,
    };
  }
}
