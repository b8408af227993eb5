/** The table of deeds in the lake, written by SQL: each deed once, however often it is written. */
import type { PrestoClient } from "../../presto/programs/presto-client.ts";
import type { Entry, Key } from "./book.ts";

/** Table of what people did, in the catalog of the lake. */
export const AUDIT_TABLE = "audit.events";
/** Most letters of a text that the table has. */
export const MOST_LETTERS = 4000;

export type Sql = Pick<PrestoClient, "query">;

const text = (value: string): string => `'${value.replaceAll("\0", "").slice(0, MOST_LETTERS).replaceAll("'", "''")}'`;
const day = (at: string): string => `DATE '${at.slice(0, 10)}'`;
const time = (at: string): string => `TIMESTAMP '${at.slice(0, 23).replace("T", " ").replace("Z", "")}'`;

export class AuditTable {
  readonly #sql: Sql;
  readonly #name: string;
  readonly #schema: string;
  #isThere = false;

  /** @param catalog Of the lake. */
  constructor(sql: Sql, catalog: string) {
    this.#sql = sql;
    this.#name = `${catalog}.${AUDIT_TABLE}`;
    this.#schema = this.#name.slice(0, this.#name.lastIndexOf("."));
  }

  /** Makes the table where it is not there. */
  async make(signal?: AbortSignal): Promise<void> {
    if (this.#isThere) return;
    await this.#sql.query(`CREATE SCHEMA IF NOT EXISTS ${this.#schema}`, signal);
    // By a column of its own: Presto deletes all rows, not those before a day, from a table that is partitioned by day(at).
    await this.#sql.query(
      `CREATE TABLE IF NOT EXISTS ${this.#name} (id varchar, at timestamp, service varchar, user_name varchar, ` +
        `action varchar, object varchar, outcome varchar, day date) WITH (partitioning = ARRAY['day'])`,
      signal,
    );
    this.#isThere = true;
  }

  /** What it has since a time. */
  async known(after: Date, signal?: AbortSignal): Promise<Key[]> {
    const rows = await this.#sql.query(
      `SELECT service, id FROM ${this.#name} ` +
        `WHERE day >= ${day(after.toISOString())} AND at >= ${time(after.toISOString())}`,
      signal,
    );
    return rows.map(({ service, id }) => ({ service: String(service), id: String(id) }));
  }

  /** Adds those that it lacks. @param entries Not empty. */
  async add(entries: readonly Entry[], signal?: AbortSignal): Promise<void> {
    const rows = entries.map(
      ({ id, at, service, user, action, object, outcome }) =>
        `(${text(id)}, ${time(at)}, ${[service, user, action, object, outcome].map(text).join(", ")}, ${day(at)})`,
    );
    const first = entries.map(({ at }) => at).sort()[0] ?? "";
    await this.#sql.query(
      `INSERT INTO ${this.#name} SELECT * FROM (VALUES ${rows.join(", ")}) ` +
        `AS new (id, at, service, user_name, action, object, outcome, day) ` +
        `WHERE NOT EXISTS (SELECT 1 FROM ${this.#name} old ` +
        `WHERE old.day >= ${day(first)} AND old.service = new.service AND old.id = new.id)`,
      signal,
    );
  }

  /** Removes days that are too old. */
  async forget(before: Date, signal?: AbortSignal): Promise<void> {
    await this.#sql.query(`DELETE FROM ${this.#name} WHERE day < ${day(before.toISOString())}`, signal);
  }
}
