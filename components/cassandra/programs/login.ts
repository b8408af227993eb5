/** Getting into a cluster: patiently while it starts, and on a new one by the role that everybody knows. */
import { setTimeout as sleep } from "node:timers/promises";
import { auth, Client, errors, types } from "cassandra-driver";
import type { Row, Session } from "./declaration.ts";
import { DEFAULT_ROLE } from "./roles.ts";
import { roleCql } from "./cql.ts";

/** Where the cluster is. */
export interface Cluster {
  readonly contactPoints: readonly string[];
  readonly port: number;
  readonly datacenter: string;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** A session that must be closed. */
export interface OpenSession extends Session {
  close(): Promise<void>;
}

/** The cluster answered, and does not take the password. */
export class RefusedError extends Error {}

export type Connect = (credentials: Credentials) => Promise<OpenSession>;

/** Time for a statement that changes the schema on a busy machine, in ms. */
const READ_TIMEOUT_MS = 60_000;

/** @throws RefusedError when the password is wrong, any other error when the cluster is not ready. */
export function connectTo(cluster: Cluster): Connect {
  return async ({ user, password }) => {
    const client = new Client({
      contactPoints: [...cluster.contactPoints],
      localDataCenter: cluster.datacenter,
      protocolOptions: { port: cluster.port },
      authProvider: new auth.PlainTextAuthProvider(user, password),
      isMetadataSyncEnabled: false,
      socketOptions: { readTimeout: READ_TIMEOUT_MS },
      queryOptions: { consistency: types.consistencies.localQuorum },
      monitorReporting: { enabled: false },
    });
    try {
      await client.connect();
    } catch (error) {
      await client.shutdown();
      throw refused(error) ? new RefusedError(`${user}: ${reasonOf(error)}`, { cause: error }) : error;
    }
    const rows = (result: types.ResultSet): Row[] => result.rows;
    return {
      execute: async (cql, params = []) =>
        rows(await onceConnected(() => client.execute(cql, [...params], { prepare: params.length > 0 }))),
      readOnAll: (cql) => readOnAll(client, cql),
      close: () => client.shutdown(),
    };
  };
}

/** A few rows at a time, and each few again when a node is slow: a table may be large, and the machine busy. */
async function readOnAll(client: Client, cql: string): Promise<number> {
  let count = 0;
  let pageState: string | undefined;
  do {
    const page = await again(5, () =>
      client.execute(cql, [], {
        consistency: types.consistencies.all,
        fetchSize: 500,
        ...(pageState === undefined ? {} : { pageState }),
      }),
    );
    count += page.rows.length;
    // The server ends with none, which the driver's types call a string.
    pageState = (page as { readonly pageState?: string | null }).pageState ?? undefined;
  } while (pageState !== undefined);
  return count;
}

/** Time for a connection to a node that has just come up, in ms. */
const CONNECTION_MS = 30_000;

/**
 * Tries again what was never sent: the driver takes a node for up as soon as others say so, and may have no connection to
 * it yet.
 */
export async function onceConnected<T>(attempt: () => Promise<T>, pauseMs = 1000): Promise<T> {
  const deadline = Date.now() + CONNECTION_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const isUnsent = causesOf(error).every(
        (cause) => cause instanceof Error && cause.message === "No connection available",
      );
      if (!isUnsent || Date.now() >= deadline) throw error;
      await sleep(pauseMs);
    }
  }
}

async function again<T>(tries: number, attempt: () => Promise<T>): Promise<T> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      await sleep(2000);
    }
  }
}

/**
 * Logs in as the superuser. On a new cluster, and on one whose setup was broken off, it is made first.
 * @throws Error when the cluster does not answer in time, or takes neither password for a while.
 */
export async function logIn(args: {
  readonly connect: Connect;
  readonly superuser: Credentials;
  readonly timeoutSeconds: number;
  /** Time for a cluster that has just started to make its default role. */
  readonly refusedSeconds: number;
  readonly log: (line: string) => void;
  /** First thing to do on a new cluster, before its roles are made. */
  readonly prepare: (session: Session) => Promise<void>;
  /** @default 2000 */
  readonly pauseMilliseconds?: number;
}): Promise<OpenSession> {
  const deadline = Date.now() + args.timeoutSeconds * 1000;
  let refusedSince: number | undefined;
  let last = "";
  for (;;) {
    try {
      return await tryLogIn(args);
    } catch (error) {
      const reason = reasonOf(error);
      refusedSince = error instanceof RefusedError ? (refusedSince ?? Date.now()) : undefined;
      if (refusedSince !== undefined && Date.now() - refusedSince >= args.refusedSeconds * 1000) {
        throw new Error(refusal(args.superuser.user), { cause: error });
      }
      if (Date.now() >= deadline) {
        throw new Error(`Cassandra did not let the setup in within ${args.timeoutSeconds} s: ${reason}`, {
          cause: error,
        });
      }
      if (reason !== last) args.log(`waiting for Cassandra: ${reason}`);
      last = reason;
      await sleep(args.pauseMilliseconds ?? 2000);
    }
  }
}

async function tryLogIn(args: {
  readonly connect: Connect;
  readonly superuser: Credentials;
  readonly log: (line: string) => void;
  readonly prepare: (session: Session) => Promise<void>;
}): Promise<OpenSession> {
  const { connect, superuser } = args;
  try {
    return await connect(superuser);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
  }
  const session = await connect({ user: DEFAULT_ROLE, password: DEFAULT_ROLE });
  try {
    await args.prepare(session);
    const options = { password: superuser.password, login: true, superuser: true };
    // A setup that was broken off may have left one with another password.
    const left = await session.execute("SELECT role FROM system_auth.roles WHERE role = ?", [superuser.user]);
    await session.execute(roleCql(left.length === 0 ? "CREATE" : "ALTER", superuser.user, options));
    args.log(`role ${superuser.user}: made the superuser`);
  } finally {
    await session.close();
  }
  return await connect(superuser);
}

function refusal(superuser: string): string {
  return (
    `Cassandra takes neither the password of its superuser "${superuser}" nor the one that new clusters have: its data ` +
    "is from a platform with other passwords. Put that platform's Secret " +
    `cassandra-role-${superuser} back, or delete the claims to begin anew, or see "A lost password" in docs/cassandra.md`
  );
}

/** Whether the cluster itself says that this is not the password; it also fails to check one while nodes are away. */
function refused(error: unknown): boolean {
  return causesOf(error).some(
    (cause) => cause instanceof errors.AuthenticationError && /incorrect|not permitted to log in/.test(cause.message),
  );
}

function reasonOf(error: unknown): string {
  const [first] = causesOf(error);
  const cause = first ?? error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** What happened at each contact point, or the error itself. */
function causesOf(error: unknown): unknown[] {
  if (!(error instanceof errors.NoHostAvailableError)) return [error];
  const causes: unknown[] = Object.values(error.innerErrors as object);
  return causes.length === 0 ? [error] : causes;
}
