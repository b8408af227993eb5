/** A small client of Presto's HTTP protocol. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { describeError } from "../../../platform/describe-error.ts";

export interface PrestoOptions {
  /** `http://host:port` */
  readonly url: string;
  readonly catalog: string;
  readonly schema: string;
  /** @default "proof" */
  readonly user?: string;
  /** Tells its statements from those of others who give the same user. @default - none */
  readonly clientTag?: string;
  /** Account at a proxy that asks for one before Presto: statements run in its user's name. @default - nobody asks */
  readonly login?: { readonly user: string; readonly password: string } | undefined;
  /** Zone of the session: in which times of day are shown. @default "UTC" */
  readonly timeZone?: string;
  /** Most time that a statement may take however it gets on. @default 15000, none where `standstillMs` is given */
  readonly statementTimeoutMs?: number;
  /** Time after which a statement is given up in which Presto got nothing done of it. @default - only the whole time counts */
  readonly standstillMs?: number;
  /**
   * Told whenever Presto has got something more of a statement done.
   * @param statement - which one of this client's, from 1
   * @param done - how far it is, in words
   * @default - nobody is
   */
  readonly onProgress?: (statement: number, done: string) => void;
}

/** A value of a row: Presto sends big integers as JSON numbers, timestamps and decimals as text. */
export type PrestoValue = string | number | boolean | null;

/** How far Presto is with a query, as each of its answers says. */
const statsShape = z.looseObject({
  state: z.string().default("?"),
  completedSplits: z.number().default(0),
  totalSplits: z.number().default(0),
  processedRows: z.number().default(0),
});

const page = z.looseObject({
  stats: statsShape.optional(),
  id: z.string().optional(),
  nextUri: z.string().optional(),
  columns: z.array(z.looseObject({ name: z.string() })).optional(),
  data: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))).optional(),
  error: z.looseObject({ message: z.string(), errorName: z.string().default("UNKNOWN") }).optional(),
});

/** Presto took the query and could not answer it. */
export class PrestoError extends Error {
  override readonly name = "PrestoError";
  /** Presto's own name of the error: `TABLE_NOT_FOUND`, `SYNTAX_ERROR`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const maxBusyAnswers = 20;

/** Most time that one statement may take, in ms: a query that hangs is given up and can be asked again. */
const statementTimeoutMs = 15_000;

export class PrestoClient {
  readonly #options: PrestoOptions;
  #statements = 0;

  constructor(options: PrestoOptions) {
    this.#options = options;
  }

  /**
   * Runs one statement and gives its rows, by column name.
   * @throws {PrestoError} when Presto refuses or fails the query; other errors when it can't be reached in time
   */
  async query(sql: string, signal?: AbortSignal): Promise<Record<string, PrestoValue>[]> {
    const { url, standstillMs, statementTimeoutMs: wholeMs, onProgress } = this.#options;
    const statement = ++this.#statements;
    const limit = new AbortController();
    const giveUp = (): void => {
      limit.abort();
    };
    const whole = wholeMs ?? (standstillMs === undefined ? statementTimeoutMs : undefined);
    const latest = whole === undefined ? undefined : setTimeout(giveUp, whole);
    let standstill = standstillMs === undefined ? undefined : setTimeout(giveUp, standstillMs);
    let done = "";
    const onStats = (stats: z.infer<typeof statsShape>): void => {
      const now = `${stats.state}: ${stats.completedSplits} of ${stats.totalSplits} splits, ${stats.processedRows} rows`;
      if (now === done) return;
      done = now;
      if (standstillMs !== undefined) {
        clearTimeout(standstill);
        standstill = setTimeout(giveUp, standstillMs);
      }
      onProgress?.(statement, now);
    };
    try {
      return await this.#run(
        sql,
        signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]),
        onStats,
      );
    } catch (error) {
      if (error instanceof PrestoError || !(limit.signal.aborted || signal?.aborted === true)) throw error;
      const reached = done === "" ? "" : ` (${done})`;
      throw new Error(`Presto at ${url} took the query and did not answer it in time${reached}`, { cause: error });
    } finally {
      clearTimeout(latest);
      clearTimeout(standstill);
    }
  }

  async #run(
    sql: string,
    signal: AbortSignal,
    onStats: (stats: z.infer<typeof statsShape>) => void,
  ): Promise<Record<string, PrestoValue>[]> {
    const { url, catalog, schema, user = "proof", clientTag, login, timeZone = "UTC" } = this.#options;
    const headers = {
      ...(login && { Authorization: `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}` }),
      "X-Presto-User": user,
      "X-Presto-Source": "millrace",
      ...(clientTag !== undefined && { "X-Presto-Client-Tags": clientTag }),
      "X-Presto-Catalog": catalog,
      "X-Presto-Schema": schema,
      "X-Presto-Time-Zone": timeZone,
    };
    let columns: readonly string[] = [];
    const rows: Record<string, PrestoValue>[] = [];
    let answer = await this.#request(new URL("/v1/statement", url), { method: "POST", body: sql, headers }, signal);
    for (;;) {
      if (answer.stats !== undefined) onStats(answer.stats);
      if (answer.error !== undefined) throw new PrestoError(answer.error.errorName, answer.error.message);
      columns = answer.columns?.map((column) => column.name) ?? columns;
      for (const values of answer.data ?? []) {
        rows.push(Object.fromEntries(columns.map((column, index) => [column, values[index] ?? null])));
      }
      if (answer.nextUri === undefined) return rows;
      answer = await this.#next(new URL(answer.nextUri), headers, signal);
    }
  }

  async #next(uri: URL, headers: Record<string, string>, signal: AbortSignal): Promise<z.infer<typeof page>> {
    try {
      return await this.#request(uri, { headers }, signal);
    } catch (error) {
      if (signal.aborted) await fetch(uri, { method: "DELETE", headers }).catch(() => undefined);
      throw error;
    }
  }

  /** Presto says 503 when it is busy: the same request is made again. */
  async #request(uri: URL, init: RequestInit, signal: AbortSignal): Promise<z.infer<typeof page>> {
    for (let attempt = 1; ; attempt++) {
      const response = await fetch(uri, { ...init, signal }).catch((error: unknown) => {
        if (signal.aborted) throw error;
        throw new Error(`Presto at ${this.#options.url} can't be reached: ${describeError(error)}`, { cause: error });
      });
      if (response.ok) return page.parse(await response.json());
      const text = await response.text();
      if (![502, 503, 504].includes(response.status) || attempt >= maxBusyAnswers) {
        throw new Error(`Presto answered ${response.status} at ${uri.pathname}: ${text.slice(0, 200)}`);
      }
      await sleep(Math.min(100 * attempt, 1000), undefined, { signal });
    }
  }
}

/** A text as an SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
