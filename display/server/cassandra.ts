/** Figures from Cassandra's tables. */
import { auth, Client, errors, policies, types } from "cassandra-driver";
import { longestMinutes } from "../protocol.ts";
import type { FigureSource } from "./figure-source.ts";
import { censusFigure, censusRun, seriesRow, windowPart } from "./figure-rows.ts";
import { numberOf, type Row } from "./rows.ts";
import type { CassandraSettings } from "./settings.ts";

const HOUR_MS = 3_600_000;
const PAGE_ROWS = 5000;
const CONNECT_TIMEOUT_MS = 3000;
const READ_TIMEOUT_MS = 5000;
const RECONNECT_MS = 1000;

/** Runs a prepared statement with values in the place of `?`, and gives its rows, by column name. */
export type RunCql = (cql: string, values: readonly unknown[]) => Promise<readonly Row[]>;

export interface CassandraSourceOptions {
  readonly run: RunCql;
  /** Length of the windows, in seconds: others are left out. */
  readonly windowSeconds: number;
  /** @default Date.now */
  readonly now?: () => number;
}

/** A connection that is made when it is needed, and anew after all hosts were lost: their addresses may be others. */
export class CassandraConnection {
  readonly #settings: CassandraSettings;
  #client: Client | undefined;

  constructor(settings: CassandraSettings) {
    this.#settings = settings;
  }

  readonly run: RunCql = async (cql, values) => {
    const client = (this.#client ??= this.#makeClient());
    try {
      const result = await client.execute(cql, [...values], { prepare: true, isIdempotent: true });
      const rows: Row[] = [];
      for await (const row of result) rows.push(row);
      return rows;
    } catch (error) {
      if (error instanceof errors.NoHostAvailableError || error instanceof errors.OperationTimedOutError) {
        this.#forget(client);
        throw firstReason(error);
      }
      throw error;
    }
  };

  async stop(): Promise<void> {
    await this.#client?.shutdown();
  }

  #makeClient(): Client {
    const { contactPoints, port, datacenter, user, password } = this.#settings;
    return new Client({
      contactPoints: [...contactPoints],
      localDataCenter: datacenter,
      authProvider: new auth.PlainTextAuthProvider(user, password),
      protocolOptions: { port },
      socketOptions: { connectTimeout: CONNECT_TIMEOUT_MS, readTimeout: READ_TIMEOUT_MS },
      queryOptions: { consistency: types.consistencies.localQuorum, fetchSize: PAGE_ROWS },
      pooling: { coreConnectionsPerHost: { [types.distance.local]: 1 } },
      policies: { reconnection: new policies.reconnection.ConstantReconnectionPolicy(RECONNECT_MS) },
      encoding: { useBigIntAsLong: true },
      monitorReporting: { enabled: false },
    });
  }

  #forget(client: Client): void {
    if (this.#client === client) this.#client = undefined;
    client.shutdown().catch(() => undefined);
  }
}

export function cassandraSource({ run, windowSeconds, now = Date.now }: CassandraSourceOptions): FigureSource {
  const rowsOf = async (cql: string, values: readonly unknown[]): Promise<readonly Row[]> => {
    try {
      return await run(cql, values);
    } catch (error) {
      if (isMissingTable(error)) return [];
      throw error;
    }
  };
  return {
    async series(stream, since) {
      const rows = await rowsOf("SELECT series, run, metric, last_ts FROM streaming.series WHERE stream = ?", [stream]);
      return rows.map(seriesRow).filter(({ lastAt }) => lastAt >= since);
    },
    async windows({ stream, series, metric, since }) {
      const hours = await Promise.all(
        hoursSince(since, now()).map((hour) =>
          rowsOf(
            "SELECT window_start, window_seconds, count, mean, deviation, minimum, maximum, last_ts " +
              "FROM streaming.windows WHERE stream = ? AND series = ? AND metric = ? AND hour = ? AND window_start >= ?",
            [stream, series, metric, hour, new Date(since)],
          ),
        ),
      );
      return hours
        .flat()
        .filter((row) => numberOf(row, "window_seconds") === windowSeconds)
        .map(windowPart);
    },
    async censusRuns() {
      const rows = await rowsOf("SELECT run, made_at FROM census.summary PER PARTITION LIMIT 1", []);
      return rows.map(censusRun);
    },
    async censusFigures(name) {
      const rows = await rowsOf(
        'SELECT "grouping", member, measure, count, mean, deviation, minimum, maximum FROM census.summary WHERE run = ?',
        [name],
      );
      return rows.map(censusFigure);
    },
  };
}

/** The hours that are partitions; one more than now's, for a sender whose clock is ahead. */
export function hoursSince(since: number, now: number): Date[] {
  const first = Math.floor(Math.max(since, now - (longestMinutes + 60) * 60_000) / HOUR_MS);
  const last = Math.floor((now + 60_000) / HOUR_MS);
  return Array.from({ length: last - first + 1 }, (_, index) => new Date((first + index) * HOUR_MS));
}

/** The first host's own error: the driver's says only that there are others inside. */
function firstReason(error: errors.NoHostAvailableError | errors.OperationTimedOutError): unknown {
  if (error instanceof errors.OperationTimedOutError) return error;
  const [inner] = Object.values((error.innerErrors ?? {}) as Readonly<Record<string, unknown>>);
  return inner ?? new Error("all connections are lost");
}

/** The set-up makes the tables; the driver's message is all that tells them from other wrong statements. */
export function isMissingTable(error: unknown): boolean {
  return error instanceof errors.ResponseError && /unconfigured table|does not exist/i.test(error.message);
}
