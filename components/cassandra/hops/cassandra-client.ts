/** A small client of Cassandra, whose errors say whether a second try can help. */
import { auth, Client, errors, types } from "cassandra-driver";
import { describeError, isConnectionRefused } from "../../../platform/hops/errors.ts";
import { HopFailure } from "../../../platform/hops/hop.ts";

export interface CassandraOptions {
  readonly contactPoints: readonly string[];
  readonly port: number;
  readonly datacenter: string;
  readonly user: string;
  readonly password: string;
}

/** A value of a row, as far as the platform's tables have them. */
export type CassandraValue = string | number | Date | null;

/** What the hops need of it. */
export interface Cassandra {
  /** `Cassandra at host:port`, for messages. */
  readonly where: string;
  /**
   * Runs one statement and gives its rows, by column name.
   * @throws {HopFailure} when the login or the right is refused or the table is missing; other errors when no answer came
   */
  query(
    cql: string,
    parameters: readonly CassandraValue[],
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, CassandraValue>>[]>;
  close(): Promise<void>;
}

export class CassandraClient implements Cassandra {
  readonly #options: CassandraOptions;
  #client: Client | undefined;

  constructor(options: CassandraOptions) {
    this.#options = options;
  }

  get where(): string {
    const { contactPoints, port } = this.#options;
    return `Cassandra at ${contactPoints.map((host) => `${host}:${port}`).join(",")}`;
  }

  async query(
    cql: string,
    parameters: readonly CassandraValue[],
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, CassandraValue>>[]> {
    const consistency = types.consistencies.localQuorum;
    return await this.#asked(signal, (client) =>
      client.execute(cql, [...parameters], { prepare: true, consistency, fetchSize: 5000 }),
    );
  }

  /**
   * Asks each node by itself: virtual tables tell of the one that answers.
   * @returns rows by address, of those that answer
   * @throws as `query`, where none of them answers
   */
  async everywhere(cql: string, signal: AbortSignal): Promise<Map<string, Readonly<Record<string, CassandraValue>>[]>> {
    const hosts = await this.#connected()
      .then((client) => client.hosts.values())
      .catch((error: unknown) => {
        throw cassandraError(error, this.where, this.#options.user);
      });
    const asked = hosts.map(async (host) => {
      const address = host.address.slice(0, host.address.lastIndexOf(":"));
      return [address, await this.#asked(signal, (client) => client.execute(cql, [], { host }))] as const;
    });
    const told = await Promise.allSettled(asked);
    const rows = told.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const [silent] = told.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
    if (rows.length === 0 && silent !== undefined) throw silent;
    return new Map(rows);
  }

  async #asked(
    signal: AbortSignal,
    ask: (client: Client) => Promise<types.ResultSet>,
  ): Promise<Readonly<Record<string, CassandraValue>>[]> {
    try {
      const client = await this.#connected();
      const { promise: aborted, reject } = Promise.withResolvers<never>();
      const abort = (): void => {
        reject(new Error("it took the statement and did not answer it in time"));
      };
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
      try {
        const { rows } = await Promise.race([ask(client), aborted]);
        // A statement that changes something has no rows at all.
        return ((rows as readonly types.Row[] | undefined) ?? []).map((row) =>
          Object.fromEntries(row.keys().map((column) => [column, plain(row.get(column))])),
        );
      } finally {
        signal.removeEventListener("abort", abort);
      }
    } catch (error) {
      throw cassandraError(error, this.where, this.#options.user);
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.shutdown();
  }

  /** A client that could not connect does not recover by itself, so each try has one of its own. */
  async #connected(): Promise<Client> {
    if (this.#client !== undefined) return this.#client;
    const { contactPoints, port, datacenter, user, password } = this.#options;
    const client = new Client({
      contactPoints: [...contactPoints],
      localDataCenter: datacenter,
      protocolOptions: { port },
      authProvider: new auth.PlainTextAuthProvider(user, password),
      socketOptions: { connectTimeout: 3000, readTimeout: 8000 },
      isMetadataSyncEnabled: false,
      encoding: { useBigIntAsLong: true },
    });
    try {
      await client.connect();
    } catch (error) {
      await client.shutdown().catch(() => undefined);
      throw error;
    }
    this.#client = client;
    return client;
  }
}

function plain(value: unknown): CassandraValue {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "string" || typeof value === "number" || value instanceof Date) return value;
  return value === null || value === undefined ? null : JSON.stringify(value);
}

/** An error of the driver in words: a {@link HopFailure} where a second try can't help. */
export function cassandraError(error: unknown, where: string, user: string): Error {
  if (error instanceof errors.NoHostAvailableError) {
    const reasons = Object.values((error.innerErrors as Record<string, unknown> | undefined) ?? {});
    const reason = reasons.find((one) => !isConnectionRefused(one)) ?? reasons[0];
    if (reason instanceof errors.AuthenticationError) return cassandraError(reason, where, user);
    return new Error(`${where} can't be reached: ${describeError(reason ?? error)}`, { cause: reason ?? error });
  }
  const words = describeError(error);
  // A node that can't read its own accounts refuses everyone in other words.
  if (error instanceof errors.AuthenticationError && /incorrect/i.test(words)) {
    return new HopFailure(`${where} refuses the login of "${user}": ${words}`, { cause: error });
  }
  if (error instanceof errors.ResponseError) {
    const { invalid, unauthorized }: Readonly<Record<"invalid" | "unauthorized", number>> = types.responseErrorCodes;
    if (error.code === unauthorized) {
      return new HopFailure(`${where} refuses "${user}" a right: ${words}`, { cause: error });
    }
    if (error.code === invalid) {
      return new HopFailure(`${where} lacks a table or a column: ${words}`, { cause: error });
    }
  }
  return new Error(`${where}: ${words}`, { cause: error });
}
