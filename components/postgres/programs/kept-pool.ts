/** One connection to PostgreSQL that is kept: each new one is a new process of the server. */
import { Pool } from "pg";

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/**
 * Connects at the first question, and anew after a failure. It keeps no program running.
 * @param name What the server shows of it.
 */
export function keptPool(place: Place, name: string): Pool {
  const pool = new Pool({
    ...place,
    application_name: name,
    max: 1,
    idleTimeoutMillis: 0,
    allowExitOnIdle: true,
    connectionTimeoutMillis: 5000,
    query_timeout: 8000,
    keepAlive: true,
  });
  // The next question says what it is.
  pool.on("error", () => undefined);
  return pool;
}
